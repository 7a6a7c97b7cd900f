// How messages were at an earlier seq, for one whose membership ended there: folded from the log again.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { changed, unchanged, type MessageState } from '@parley/protocol/message-state';
import type { MessageStore, StoredState } from '@parley/ports/message-store';
import { STATE_REPLAY_ROWS_MAX_COUNT } from './limits.ts';
import { changeOf } from './message-effects.ts';

const ROWS_PER_READ_MAX_COUNT = 1_000;
const READ_MAX_BYTES = 1_048_576;

/** Those that nothing had changed by then are left out, and so are all when the log between is too long to read. */
export async function statesUntil(
  messages: MessageStore,
  conversation: ConversationId,
  states: readonly StoredState[],
  until: Seq,
): Promise<readonly StoredState[]> {
  const known = states.filter((state) => state.asOf <= until);
  const folded = new Map<Seq, MessageState>();
  for (const { seq, asOf } of states) if (asOf > until) folded.set(seq, unchanged(seq));
  let after = Math.min(...folded.keys());
  for (let left = STATE_REPLAY_ROWS_MAX_COUNT; after < until && left > 0;) {
    const limit = Math.min(left, ROWS_PER_READ_MAX_COUNT);
    const page = await messages.read({ conversation, after, to: until, limit, maxBytes: READ_MAX_BYTES });
    if (page.entries.length === 0) break;
    for (const stored of page.entries) {
      const change = changeOf(stored);
      const state = change === undefined ? undefined : folded.get(change.target);
      if (change !== undefined && state !== undefined) folded.set(state.seq, changed(state, change.entry));
    }
    after = page.entries.at(-1)?.seq ?? until;
    left -= page.entries.length;
  }
  if (after < until) return known;
  const again = [...folded.values()]
    .filter((state) => state.as_of > state.seq)
    .map((state) => ({ seq: state.seq, asOf: state.as_of, body: JSON.stringify(state) }));
  return [...known, ...again].toSorted((one, other) => one.seq - other.seq);
}
