// What is unread in one conversation: what the server counted up to a seq, and the messages that came after it.
import type { Seq } from '@parley/protocol/ids';
import type { StandingView } from '@parley/protocol/reading';
import { UNREAD_RECENT_MAX_COUNT } from './client-limits.ts';

/** A message of another user: `thread` is a mention whatever an edit makes of the text. */
export type Weight = 'plain' | 'mention' | 'thread';

export class UnreadLog {
  /** Undefined as long as nobody said what was read. */
  #base: Pick<StandingView, 'read' | 'unread' | 'mentions' | 'as_of'> | undefined;
  /** Messages of others after `as_of`, or, without a base, all that came, the oldest first. */
  readonly #recent = new Map<Seq, Weight>();
  #recentMentions = 0;
  /** Edits and deletions after `as_of`: a standing may come that was counted before them. The oldest first. */
  #changes: { at: Seq; target: Seq; mentions: boolean }[] = [];
  #cursor: Seq = 0;
  /** A standing that was counted this far, or further, is needed. */
  #unsureTo: Seq | undefined;
  /** The base has taken in messages that the client counted. */
  #merged = false;

  get sure(): boolean {
    return this.#base !== undefined && this.#unsureTo === undefined;
  }

  get read(): Seq {
    return this.#base?.read ?? 0;
  }

  get unread(): number {
    return this.#base === undefined ? 0 : this.#base.unread + this.#recent.size;
  }

  get mentions(): number {
    return this.#base === undefined ? 0 : this.#base.mentions + this.#recentMentions;
  }

  get known(): boolean {
    return this.#base !== undefined;
  }

  /** Something happened up to `upTo` that this log was not told. 0: the next standing is right, whatever its `as_of`. */
  doubt(upTo: Seq): void {
    if (upTo > 0 && upTo <= (this.#base?.as_of ?? 0)) return;
    this.#unsureTo = Math.max(this.#unsureTo ?? 0, upTo);
  }

  /** What the server, or the entry that let the user in, says. One that was counted earlier than another is old news. */
  standing(standing: Pick<StandingView, 'read' | 'unread' | 'mentions' | 'as_of'>): void {
    const { read, unread, mentions, as_of } = standing;
    if (this.#base !== undefined && as_of < this.#base.as_of) {
      // Newer than the last one of the server, perhaps: it was counted on since, in the client, beyond this one.
      if (this.#merged) this.#unsureTo = Math.max(this.#unsureTo ?? 0, this.#base.as_of);
      return;
    }
    this.#base = { read, unread, mentions, as_of };
    this.#merged = false;
    for (const seq of this.#recent.keys()) if (seq <= as_of) this.#forget(seq);
    if (this.#unsureTo !== undefined && this.#unsureTo <= as_of) this.#unsureTo = undefined;
    this.#changes = this.#changes.filter(({ at }) => at > as_of);
    for (const { at, target, mentions: now } of this.#changes) this.#apply(at, target, now);
  }

  /** Whether an entry is new here; one that was counted, or came before, is not. */
  advance(seq: Seq): boolean {
    if (seq <= this.#cursor) return false;
    this.#cursor = seq;
    return this.#base === undefined || seq > this.#base.as_of;
  }

  /** A message of another user. */
  add(seq: Seq, weight: Weight): void {
    this.#recent.set(seq, weight);
    if (weight !== 'plain') this.#recentMentions++;
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > UNREAD_RECENT_MAX_COUNT && oldest !== undefined) this.#merge(oldest);
  }

  /** A message was edited or deleted at `at`: whether it mentions the user now. */
  change(at: Seq, target: Seq, mentions: boolean): void {
    this.#changes.push({ at, target, mentions });
    // It is not known any more what the first of them would change in a standing that was counted before it.
    if (this.#changes.length > UNREAD_RECENT_MAX_COUNT) this.doubt(this.#changes.shift()?.at ?? at);
    this.#apply(at, target, mentions);
  }

  #apply(at: Seq, target: Seq, mentions: boolean): void {
    const weight = this.#recent.get(target);
    if (weight === undefined) {
      const { read, mentions: counted } = this.#base ?? { read: 0, mentions: 0 };
      // Whether a message that the server counted is one of the mentions, it did not say.
      if (target > read && (mentions || counted > 0)) this.doubt(at);
    } else if (weight !== 'thread') {
      this.#reweigh(target, mentions ? 'mention' : 'plain');
    }
  }

  /** A deleted message mentions nobody, wherever it stood. */
  delete(at: Seq, target: Seq): void {
    this.change(at, target, false);
    if (this.#recent.has(target)) this.#reweigh(target, 'plain');
  }

  #reweigh(seq: Seq, weight: Weight): void {
    if (this.#recent.get(seq) !== 'plain') this.#recentMentions--;
    if (weight !== 'plain') this.#recentMentions++;
    this.#recent.set(seq, weight);
  }

  #forget(seq: Seq): void {
    if (this.#recent.get(seq) !== 'plain') this.#recentMentions--;
    this.#recent.delete(seq);
  }

  #merge(seq: Seq): void {
    const mentions = this.#recent.get(seq) === 'plain' ? 0 : 1;
    this.#forget(seq);
    if (this.#base === undefined) return this.doubt(seq);
    const { read, unread, mentions: before } = this.#base;
    this.#base = { read, unread: unread + 1, mentions: before + mentions, as_of: seq };
    this.#merged = true;
  }
}
