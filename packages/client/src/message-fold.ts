// Turns entries into messages as they are now, for apps that keep their own view of a conversation. Pure.
import { isKnownEntry } from '@parley/protocol/entry';
import type { Seq } from '@parley/protocol/ids';
import { changed, targetOf, unchanged, type MessageState } from '@parley/protocol/message-state';
import { FOLD_EARLY_MAX_COUNT } from './client-limits.ts';
import type { AppEntry } from './event.ts';
import { isMessageEntry, messageOf, partsOf, type Message, type MessageEntry } from './message.ts';

type Known = { entry: MessageEntry & Pick<AppEntry, 'conversation_id'>; state: MessageState };

/**
 * The messages of one conversation. Give it every entry in the order of `onEntry`; older messages, of `client.messages`,
 * may be added at any time. What was folded already changes nothing.
 */
export class MessageFold {
  readonly #known = new Map<Seq, Known>();
  /** Changes of messages that were not given yet: the last ones, as many as there is room for. */
  #early: AppEntry[] = [];
  /** The same for states. */
  readonly #states = new Map<Seq, MessageState>();
  /** Messages that the user hid, whether they were given or not. */
  readonly #hidden = new Set<Seq>();

  /** Returns the message that is new, or is another one now; undefined where no message that is shown changes. */
  add(entry: AppEntry): Message | undefined {
    const message = this.#fold(entry);
    return message !== undefined && this.#hidden.has(message.seq) ? undefined : message;
  }

  #fold(entry: AppEntry): Message | undefined {
    if (!isKnownEntry(entry)) return undefined;
    if (isMessageEntry(entry)) {
      if (entry.thread !== undefined) this.#change(entry.thread, entry);
      if (this.#known.has(entry.seq)) return undefined;
      return this.#begin({ entry, state: this.#states.get(entry.seq) ?? unchanged(entry.seq) });
    }
    const target = targetOf(entry);
    return target === undefined ? undefined : this.#change(target, entry);
  }

  /** A message as `client.messages` gives it. One that is older than what was folded changes nothing. */
  addMessage(message: Message): void {
    const known = this.#known.get(message.seq);
    if (known === undefined || known.state.as_of < message.as_of) this.#begin(partsOf(message));
  }

  /** States as a pull answers them, before its entries. One that is older than what was folded changes nothing. */
  addStates(states: readonly MessageState[]): void {
    for (const state of states) {
      const known = this.#known.get(state.seq);
      if (known === undefined) keep(this.#states, state);
      else if (state.as_of > known.state.as_of) known.state = state;
    }
  }

  /** The user hid these, as a `hidden` event or `hidden` of a pull says: they are left out from now on. */
  hide(seqs: Iterable<Seq>): void {
    for (const seq of seqs) this.#hidden.add(seq);
  }

  /** Undefined also for one that the user hid. */
  get(seq: Seq): Message | undefined {
    const known = this.#known.get(seq);
    return known === undefined || this.#hidden.has(seq) ? undefined : messageOf(known.entry, known.state);
  }

  /** All that it was given, as they are now, in the order of their seqs. */
  get messages(): Message[] {
    const seqs = [...this.#known.keys()].toSorted((a, b) => a - b);
    return seqs.flatMap((seq) => this.get(seq) ?? []);
  }

  #begin(known: Known): Message {
    const { seq } = known.entry;
    this.#states.delete(seq);
    this.#known.set(seq, known);
    const isOurs = (early: AppEntry): boolean => isKnownEntry(early) && targetOf(early) === seq;
    if (this.#early.some(isOurs)) {
      for (const early of this.#early.filter(isOurs)) this.#change(seq, early);
      this.#early = this.#early.filter((early) => !isOurs(early));
    }
    return messageOf(known.entry, known.state);
  }

  #change(target: Seq, entry: AppEntry): Message | undefined {
    const known = this.#known.get(target);
    if (known === undefined) {
      this.#early.push(entry);
      if (this.#early.length > FOLD_EARLY_MAX_COUNT) this.#early.shift();
      return undefined;
    }
    const next = isKnownEntry(entry) ? changed(known.state, entry) : known.state;
    if (next === known.state) return undefined;
    known.state = next;
    return messageOf(known.entry, next);
  }
}

/** The messages among entries that come in order, as they are now; `states` and `hidden` as a pull answers them. */
export function foldEntries(
  entries: Iterable<AppEntry>,
  states: readonly MessageState[] = [],
  hidden: readonly Seq[] = [],
): Message[] {
  const fold = new MessageFold();
  fold.hide(hidden);
  fold.addStates(states);
  for (const entry of entries) fold.add(entry);
  return fold.messages;
}

function keep(states: Map<Seq, MessageState>, state: MessageState): void {
  if (state.as_of <= (states.get(state.seq)?.as_of ?? -1)) return;
  states.set(state.seq, state);
  const oldest = states.keys().next().value;
  if (states.size > FOLD_EARLY_MAX_COUNT && oldest !== undefined) states.delete(oldest);
}
