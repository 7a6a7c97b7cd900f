// Compares the states of messages with the fold of their log, and looks for what should have been erased: INVARIANT 14.
import type { LogRows, MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { Entry } from '@parley/protocol/entry';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { changed, targetOf, unchanged, type MessageState } from '@parley/protocol/message-state';
import { mayIn } from '../group/permissions.ts';
import { Roster } from '../group/roster.ts';
import { isErased } from '../message/erased.ts';
import { entryOf } from '../message/message-effects.ts';

/** What is wrong, in words. */
export function messageViolations(world: MemoryWorld): string[] {
  return [...world.state.logs].flatMap(([conversation, log]) =>
    [...statesAreTheFold(log), ...changesWereAllowed(world, conversation, log), ...deletedIsGone(log)].map(
      (wrong) => `${conversation}: ${wrong}`,
    ),
  );
}

/** Folds entries in, in seq order. */
export function fold(states: Map<Seq, MessageState>, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const target = targetOf(entry);
    if (target !== undefined) states.set(target, changed(states.get(target) ?? unchanged(target), entry));
  }
}

function statesAreTheFold(log: LogRows): string[] {
  const expected = new Map<Seq, MessageState>();
  fold(expected, log.rows.map(entryOf));
  const wrong = [...log.states.keys()].filter((seq) => !expected.has(seq)).map((seq) => `a state of ${seq}`);
  for (const [seq, state] of expected) {
    const row = log.states.get(seq);
    if (row?.body !== JSON.stringify(state) || row.asOf !== state.as_of)
      wrong.push(`the state of ${seq} is ${row?.body}, not ${JSON.stringify(state)}`);
  }
  return wrong;
}

/** Only the author edits; only the author, an owner or an admin deletes; nothing changes what was deleted. */
function changesWereAllowed(world: MemoryWorld, conversation: ConversationId, log: LogRows): string[] {
  const record = world.state.conversations.get(conversation)?.record;
  if (record === undefined) return ['no record'];
  const roster = new Roster(record, { asOf: 0, rows: [] });
  const deleted = new Set<Seq>();
  return log.rows.flatMap((row) => {
    const role = roster.get(row.sender)?.role ?? 'member';
    roster.apply(row);
    const entry = entryOf(row);
    const target = targetOf(entry);
    if (target === undefined) return [];
    if (deleted.has(target)) return [`${row.seq} changes ${target}, which was deleted`];
    const isAuthor = log.rows.find((each) => each.seq === target)?.sender === row.sender;
    if (entry.kind === 'message_deleted') deleted.add(target);
    const isAllowed =
      entry.kind === 'message_edited'
        ? isAuthor
        : entry.kind === 'message_deleted'
          ? isAuthor || mayIn(record.kind, role, 'delete_any')
          : !entry.kind.includes('pinned') || mayIn(record.kind, role, 'pin');
    return isAllowed ? [] : [`${row.sender} was not allowed ${row.seq}`];
  });
}

/** Texts name the id of what said them first, in brackets; forwards repeat them and are messages of their own. */
function deletedIsGone(log: LogRows): string[] {
  const entries = log.rows.map(entryOf);
  const kept = log.rows.filter((row) => !row.body.includes('"forwarded":')).map((row) => row.body);
  const all = [...kept, ...[...log.states.values()].map((state) => state.body)].join('\n');
  return entries.flatMap((deletion) => {
    if (deletion.kind !== 'message_deleted') return [];
    const parts = log.rows.filter(({ seq }, at) => {
      const entry = entries[at];
      return (
        seq === deletion.target || (entry?.kind === 'message_edited' && entry.target === deletion.target)
      );
    });
    return parts.flatMap(({ seq, clientMsgId, body }) => {
      if (!isErased(body)) return [`${seq} is not erased`];
      return all.includes(`[${clientMsgId}]`) ? [`the text of ${seq} is still there`] : [];
    });
  });
}
