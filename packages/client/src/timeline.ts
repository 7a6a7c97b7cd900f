// A conversation as people read it: messages as they are now, and the changes of the group; not what changed messages,
// and not what the user hid.
import { isKnownEntry } from '@parley/protocol/entry';
import type { Seq } from '@parley/protocol/ids';
import type { Pulled } from '@parley/protocol/log';
import { targetOf } from '@parley/protocol/message-state';
import type { Calls } from './calls.ts';
import { PULL_WINDOW_MAX_COUNT } from './client-limits.ts';
import type { AppEntry } from './event.ts';
import { entriesOf, type HistoryRange, type ReadEntry } from './log-reader.ts';
import { isMessageEntry, messageOf, type Message, type MessageEntry } from './message.ts';

/** A message, or an entry that says something by itself: a change of the group, or a kind of a later version. */
export type TimelineItem = { kind: 'message'; message: Message } | { kind: 'entry'; entry: AppEntry };

/** After `after` (0), up to and with `to` (the head); the first `limit`, or the last `last` of that. */
export type TimelineRange = HistoryRange & { last?: number };

export async function* timelineOf(
  calls: Calls,
  conversation_id: string,
  { last, limit = Infinity, ...range }: TimelineRange,
): AsyncGenerator<TimelineItem, void> {
  const window = last === undefined ? range : await lastOf(calls, conversation_id, { ...range, last });
  let left = limit;
  if (left <= 0) return;
  for await (const read of entriesOf(calls, conversation_id, window)) {
    if (!isShown(read)) continue;
    yield itemOf(read);
    if (--left <= 0) return;
  }
}

export async function* messagesOf(
  calls: Calls,
  conversation_id: string,
  { limit = Infinity, last = Infinity, ...range }: TimelineRange,
): AsyncGenerator<Message, void> {
  let left = limit;
  const window =
    last === Infinity ? range : await lastOf(calls, conversation_id, { ...range, last }, isShownMessage);
  if (left <= 0) return;
  for await (const item of timelineOf(calls, conversation_id, window)) {
    if (item.kind !== 'message') continue;
    yield item.message;
    if (--left <= 0) return;
  }
}

/** One message, also one that the user hid; undefined where there is none that this user may read. */
export async function messageAt(
  calls: Calls,
  conversation_id: string,
  seq: Seq,
): Promise<Message | undefined> {
  const range = { after: seq - 1, to: seq };
  for await (const { entry, answer } of entriesOf(calls, conversation_id, range))
    if (isMessageEntry(entry) && entry.seq === seq) return messageIn(entry, answer);
  return undefined;
}

/** Where the last `last` items begin: looks from the end, window by window, and keeps nothing. */
async function lastOf(
  calls: Calls,
  conversation_id: string,
  { after = 0, to, last }: HistoryRange & { last: number },
  counts: (read: ReadEntry) => boolean = isShown,
): Promise<HistoryRange> {
  const end = to ?? (await headOf(calls, conversation_id));
  let found = 0;
  let begin = end;
  while (begin > after && found < last) {
    const before = Math.max(after, begin - PULL_WINDOW_MAX_COUNT);
    const seqs: Seq[] = [];
    let floor = 0;
    for await (const read of entriesOf(calls, conversation_id, { after: before, to: begin })) {
      if (counts(read)) seqs.push(read.entry.seq);
      floor = read.answer.floor;
    }
    const first = seqs.at(found - last);
    if (found + seqs.length >= last && first !== undefined) return { after: first - 1, to: end };
    found += seqs.length;
    begin = before <= floor ? after : before;
  }
  return { after: last <= 0 ? end : begin, to: end };
}

async function headOf(calls: Calls, conversation_id: string): Promise<Seq> {
  return (await calls.ask({ type: 'get_conversation', conversation_id }, 'conversation')).conversation.head;
}

function itemOf({ entry, answer }: ReadEntry): TimelineItem {
  if (!isMessageEntry(entry)) return { kind: 'entry', entry };
  return { kind: 'message', message: messageIn(entry, answer) };
}

function messageIn(entry: MessageEntry & AppEntry, { states }: Pulled): Message {
  const state = states.find(({ seq }) => seq === entry.seq);
  return messageOf(entry, state);
}

/** An entry that only changes a message is seen in that message; what the user hid is not seen. */
function isShown(read: ReadEntry): boolean {
  const { entry } = read;
  return isShownMessage(read) || (!isMessageEntry(entry) && !isChange(entry));
}

function isShownMessage({ entry, answer }: ReadEntry): boolean {
  return isMessageEntry(entry) && answer.hidden?.includes(entry.seq) !== true;
}

function isChange(entry: AppEntry): boolean {
  return isKnownEntry(entry) && targetOf(entry) !== undefined;
}
