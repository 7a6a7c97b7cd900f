// Appends: one conditional batch each, and after an unknown a look before anything else is done [DESIGN 3b].
import {
  APPEND_BODIES_MAX_CHARS,
  APPEND_ENTRIES_MAX_COUNT,
  type AppendOutcome,
  type NewEntry,
  type StoredEntry,
  type Token,
} from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { type AppendBatch, appendBatch } from './append-batch.ts';
import { type LogParts, stateOf } from './log-parts.ts';
import type { Bucket } from './message-table.ts';
import { type Progress, progressOf, progressOfNew } from './log-progress.ts';
import type { Pauses } from './pauses.ts';
import type { SentIds } from './sent-ids.ts';

/** So long an append of unknown outcome is looked for and issued again, before it is answered as unknown. */
const SETTLE_MAX_MS = 5_000;

interface Append {
  readonly conversation: ConversationId;
  readonly token: Token;
  readonly head: Seq;
  readonly entries: readonly NewEntry[];
}

interface Target {
  readonly progress: Progress;
  readonly opens: boolean;
}

type Settled = 'applied' | 'fenced' | 'unknown';

type Look =
  | 'landed'
  | 'again'
  | 'fenced'
  /** Retention dropped what would tell. */
  | 'undecidable';

export class LogAppends {
  readonly #parts: LogParts;
  readonly #sentIds: SentIds;
  readonly #pauses: Pauses;

  constructor(parts: LogParts, sentIds: SentIds, pauses: Pauses) {
    this.#parts = parts;
    this.#sentIds = sentIds;
    this.#pauses = pauses;
  }

  async append(append: Append): Promise<AppendOutcome> {
    checkEntries(append.entries);
    try {
      return await this.#append(append);
    } catch (error) {
      // Whatever is thrown here was thrown before the batch was issued.
      if (!(error instanceof StoreError)) throw error;
      return { kind: 'refused', reason: { kind: 'unavailable' } };
    }
  }

  async #append(append: Append): Promise<AppendOutcome> {
    const { conversation, token, head, entries } = append;
    const { progress: known, logs } = this.#parts;
    const target = await this.#target(append);
    if (target === undefined) return this.#fenced(append);
    const senders = [...new Set(entries.map((entry) => entry.sender))];
    const [existing, sent] = await Promise.all([
      this.#sentIds.find(conversation, target.last, entries),
      known.sentBy(conversation, target.progress, senders),
    ]);
    if (existing.length > 0) return this.#duplicate(append, existing);
    const progress = { ...target.progress, sent };
    const batch = appendBatch({ conversation, token, entries, progress, opens: target.opens });
    // Before it is committed: nothing else would bring retention to this log.
    if (head === 0) await logs.setOldest(conversation, 1, entries[0]?.at);
    return this.#issue(append, batch);
  }

  /** The bucket that the entries go into, and the last one that there is; undefined where the append is fenced. */
  async #target(append: Append): Promise<(Target & { readonly last: Bucket }) | undefined> {
    const { conversation, token, head } = append;
    const { buckets, map, progress: known, table, clock } = this.#parts;
    let progress = known.at(conversation, head);
    if (progress === undefined) {
      const bucket = await map.last(conversation, 'serial');
      if (bucket?.token !== token || bucket.head !== head) return undefined;
      progress = progressOf(bucket);
    }
    const last = progress.bucket;
    if (!buckets.isFull(last.number, head)) return { progress, opens: false, last };
    // A full bucket's token stays: whoever claims the log after it was filled does so in the next one.
    const full = await table.bucket(conversation, last.number, 'serial');
    if (full?.token !== token || full.head !== head) return undefined;
    const next: Bucket = {
      ...full,
      number: buckets.after(head),
      floor: 0,
      openedAt: clock.now(),
      openedAfter: head,
      openedChanges: full.changes,
      previous: full.number,
    };
    return { progress: progressOfNew(next), opens: true, last };
  }

  async #issue(append: Append, batch: AppendBatch): Promise<AppendOutcome> {
    const { conversation, head, entries } = append;
    const { ids, logs, progress, map } = this.#parts;
    // Harmless should the batch be refused.
    const put = () => ids.put(conversation, head, entries);
    let outcome: Settled | undefined;
    let isDecided = false;
    const effect = this.#pauses.untilDone(SETTLE_MAX_MS, put, () => !isDecided || outcome === 'applied');
    try {
      outcome = await this.#settled(append, batch);
    } finally {
      isDecided = true;
      await effect;
    }
    if (outcome !== 'applied') progress.forget(conversation);
    if (outcome === 'fenced') return this.#fenced(append);
    if (outcome === 'unknown') return { kind: 'unknown' };
    const { after, opens } = batch;
    progress.keep(conversation, after);
    map.saw(conversation, after.bucket);
    // A shorter way for the next who looks for the head; nothing hangs on it.
    if (opens) await logs.hintBucket(conversation, after.bucket.number).catch(() => undefined);
    return (await effect) ? { kind: 'applied', head: after.head } : { kind: 'unknown' };
  }

  /** Throws only where nothing was sent. */
  async #settled(append: Append, batch: AppendBatch): Promise<Settled> {
    const { session, clock } = this.#parts;
    const until = clock.monotonic() + SETTLE_MAX_MS;
    const first = await session.conditional(batch.statements);
    if (first === 'applied') return 'applied';
    // This was its only issue, and it had no effect.
    if (first === 'refused') return 'fenced';
    for (let turn = 0; clock.monotonic() < until; turn += 1) {
      try {
        const look = await this.#look(append, batch);
        if (look === 'landed') return 'applied';
        if (look === 'fenced') return 'fenced';
        if (look === 'undecidable') return 'unknown';
        // "Not applied" may mean by now that an earlier issue landed: only the look decides.
        if ((await session.conditional(batch.statements)) === 'applied') return 'applied';
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
      }
      await this.#pauses.jittered(turn);
    }
    return 'unknown';
  }

  /** At SERIAL, so that what is seen cannot be undone by an earlier issue that is still on its way through Paxos. */
  async #look({ conversation, token, head, entries }: Append, { after }: AppendBatch): Promise<Look> {
    const { table } = this.#parts;
    const { number } = after.bucket;
    for (;;) {
      const range = { after: head, to: head + 1, limit: 1 };
      const { entries: rows } = await table.entries(conversation, number, range, 'serial');
      const [row] = rows;
      if (row !== undefined) {
        return row.messageId === entries[0]?.messageId && row.sender === entries[0].sender
          ? 'landed'
          : 'fenced';
      }
      const bucket = await table.bucket(conversation, number, 'serial');
      if (bucket !== undefined && bucket.head > head) {
        if (bucket.floor > head) return 'undecidable';
        // It was not there when looked for, and landed since.
        continue;
      }
      const still = bucket === undefined ? after.bucket.openedAfter === head : bucket.head === head;
      return still && (bucket?.token ?? token) === token ? 'again' : 'fenced';
    }
  }

  async #duplicate(append: Append, existing: readonly StoredEntry[]): Promise<AppendOutcome> {
    // Fenced comes first: a second try of an append that landed is told that the head has moved.
    const bucket = await this.#parts.map.last(append.conversation, 'serial');
    if (bucket?.token !== append.token || bucket.head !== append.head) return this.#fenced(append);
    return { kind: 'refused', reason: { kind: 'duplicate', existing } };
  }

  async #fenced({ conversation }: Append): Promise<AppendOutcome> {
    this.#parts.progress.forget(conversation);
    const state = await stateOf(this.#parts, conversation);
    return { kind: 'refused', reason: { kind: 'fenced', state } };
  }
}

function checkEntries(entries: readonly NewEntry[]): void {
  if (entries.length === 0 || entries.length > APPEND_ENTRIES_MAX_COUNT) {
    throw new RangeError(`an append takes 1 to ${APPEND_ENTRIES_MAX_COUNT} entries, not ${entries.length}`);
  }
  // A batch that is too large fails each time it is issued, and is told from one that is on its way by nothing.
  const chars = entries.reduce((sum, entry) => sum + entry.body.length, 0);
  if (entries.length > 1 && chars > APPEND_BODIES_MAX_CHARS)
    throw new RangeError(`an append takes ${APPEND_BODIES_MAX_CHARS} characters, not ${chars}`);
  const keys = new Set(entries.map(({ sender, clientMsgId }) => `${sender} ${clientMsgId}`));
  if (keys.size !== entries.length)
    throw new Error('two entries of one append have the same sender and clientMsgId');
}
