// Lists that are read window by window: the log, conversations, members. None of them touches a cursor.
import type { ConversationView } from '@parley/protocol/conversation';
import type { Seq } from '@parley/protocol/ids';
import type { Pulled } from '@parley/protocol/log';
import type { Members } from '@parley/protocol/member';
import type { Calls } from './calls.ts';
import { PULL_WINDOW_MAX_COUNT } from './client-limits.ts';
import type { AppEntry } from './event.ts';

/** After `after` (0), up to and with `to` (the head), at most `limit` entries. */
export type HistoryRange = { after?: Seq; to?: Seq; limit?: number };

/** An entry, and the answer to the pull that it came in. */
export type ReadEntry = { entry: AppEntry; answer: Pulled };

export async function* historyOf(
  calls: Calls,
  conversation_id: string,
  range: HistoryRange,
): AsyncGenerator<AppEntry, void> {
  for await (const { entry } of entriesOf(calls, conversation_id, range)) yield entry;
}

export async function* entriesOf(
  calls: Calls,
  conversation_id: string,
  { after = 0, to = Infinity, limit = Infinity }: HistoryRange,
): AsyncGenerator<ReadEntry, void> {
  let at = after;
  let left = limit;
  while (left > 0 && at < to) {
    const window = Math.min(PULL_WINDOW_MAX_COUNT, left, to - at);
    const answer = await calls.ask({ type: 'pull', conversation_id, after: at, limit: window }, 'pulled');
    for (const entry of answer.entries) {
      if (entry.seq <= at) continue;
      if (entry.seq > to || left === 0) return;
      const hidden = answer.hidden?.includes(entry.seq) === true ? ({ hidden: true } as const) : {};
      yield { entry: { ...entry, conversation_id: answer.conversation_id, ...hidden }, answer };
      at = entry.seq;
      left--;
    }
    const reached = Math.max(at, answer.through, answer.floor);
    if (reached >= answer.head || (reached === at && answer.entries.length === 0)) return;
    at = reached;
  }
}

export async function* pagesOfConversations(calls: Calls): AsyncGenerator<ConversationView, void> {
  let after: string | undefined;
  do {
    const page = await calls.ask(
      { type: 'list_conversations', ...(after === undefined ? {} : { after }) },
      'conversations',
    );
    yield* page.rows;
    after = page.next;
  } while (after !== undefined);
}

export async function* pagesOfMembers(
  calls: Calls,
  conversation_id: string,
): AsyncGenerator<Members['rows'][number], void> {
  let after: string | undefined;
  do {
    const more = after === undefined ? {} : { after };
    const page = await calls.ask({ type: 'list_members', conversation_id, ...more }, 'members');
    yield* page.rows;
    after = page.next;
  } while (after !== undefined);
}
