// Compares what clients saw and were told with the logs as they are stored: INVARIANTS 1 to 4, 6, 7, 9, 12, 14 to 16.
import type { MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { Down } from '@parley/protocol/down';
import type { ConversationId, UserId } from '@parley/protocol/ids';

import { messageViolations } from './state-check.ts';
import { isErased } from '../message/erased.ts';

/** One frame that a user's client got. */
export interface Seen {
  readonly user: UserId;
  readonly frame: Down;
}

interface Ack {
  readonly seq: number;
  readonly message_id: string;
  readonly at: number;
}

/** One request's fate: what was asked under a client_msg_id, and every answer it got. */
export interface Asked {
  readonly user: UserId;
  readonly conversation: ConversationId;
  readonly clientMsgId: string;
  readonly acks: Ack[];
  /** It was refused for good at least once, and never left undecided. */
  refused: boolean;
  undecided: boolean;
  /** It was acknowledged and, asked again, refused. */
  takenBack: boolean;
}

/** What is wrong, in words; empty when all holds. */
export function findViolations(world: MemoryWorld, seen: readonly Seen[], asked: readonly Asked[]): string[] {
  return [
    ...denseLogs(world),
    ...uniqueIds(world),
    ...sendersWereMembers(world),
    ...marksAreWithin(world),
    ...readersAgree(world, seen),
    ...acksHold(world, asked),
    ...messageViolations(world),
  ];
}

function denseLogs(world: MemoryWorld): string[] {
  const wrong: string[] = [];
  for (const [conversation, log] of world.state.logs) {
    let next = log.floor + 1;
    for (const row of log.rows) {
      if (row.from !== next) wrong.push(`${conversation}: ${row.from} after ${next - 1}`);
      next = row.seq + 1;
    }
    if (next !== log.head + 1) wrong.push(`${conversation}: head ${log.head}, last row ${next - 1}`);
  }
  return wrong;
}

function uniqueIds(world: MemoryWorld): string[] {
  const wrong: string[] = [];
  const messageIds = new Set<string>();
  for (const [conversation, log] of world.state.logs) {
    const keys = new Set<string>();
    for (const row of log.rows) {
      if (messageIds.has(row.messageId)) wrong.push(`message_id ${row.messageId} twice`);
      messageIds.add(row.messageId);
      const key = `${row.sender} ${row.clientMsgId}`;
      if (keys.has(key)) wrong.push(`${conversation}: ${key} twice`);
      keys.add(key);
    }
  }
  return wrong;
}

/** Whoever wrote an entry was a member just before it, but for who made the group or came by himself. */
function sendersWereMembers(world: MemoryWorld): string[] {
  const member = membershipSpans(world);
  return [...world.state.logs].flatMap(([conversation, log]) =>
    log.rows
      .filter(
        (row) =>
          row.kind !== 'group_created' &&
          row.kind !== 'members_joined' &&
          !member(conversation, row.sender).some((span) => span.joined < row.seq && row.seq <= span.to),
      )
      .map((row) => `${conversation} ${row.seq}: ${row.sender} was no member`),
  );
}

function marksAreWithin(world: MemoryWorld): string[] {
  return [...world.state.marks].flatMap(([device, marks]) =>
    [...marks].flatMap(([conversation, seq]) => {
      const head = world.state.logs.get(conversation)?.head ?? 0;
      return seq > head ? [`${device} marked ${seq} of ${head} in ${conversation}`] : [];
    }),
  );
}

/** Each entry that anybody saw is the one in the log, and was his to see. */
function readersAgree(world: MemoryWorld, seen: readonly Seen[]): string[] {
  const wrong: string[] = [];
  const entitled = entitlements(world);
  for (const { user, frame } of seen) {
    if (frame.type !== 'entries' && frame.type !== 'pulled') continue;
    let before: number | undefined;
    for (const entry of frame.entries) {
      const where = `${frame.conversation_id} ${entry.seq} for ${user} by ${frame.type}`;
      const row = world.state.logs.get(frame.conversation_id)?.rows.find((each) => each.seq === entry.seq);
      const { seq: _seq, kind, message_id, sender, client_msg_id, at, ...body } = entry;
      const same =
        row?.kind === kind &&
        row.messageId === message_id &&
        row.sender === sender &&
        row.clientMsgId === client_msg_id &&
        row.at === at &&
        // It may have been seen before it was deleted, and after.
        (Bun.deepEquals(JSON.parse(row.body), body) || isErased(row.body));
      if (!same) wrong.push(`${where}: not what the log has`);
      if (before !== undefined && entry.seq !== before + 1)
        wrong.push(`${where}: does not continue ${before}`);
      before = entry.seq;
      if (!entitled(frame.conversation_id, user, entry.seq)) wrong.push(`${where}: not a member then`);
    }
  }
  return wrong;
}

interface Span {
  /** The first seq that may be read. */
  readonly from: number;
  /** The entry that let the user in; 0 in a direct conversation. */
  readonly joined: number;
  /** The entry that ended it. */
  to: number;
}

/** Who may read a seq by the log alone: a member when it was written, or by the policy one who joined later. */
function entitlements(
  world: MemoryWorld,
): (conversation: ConversationId, user: UserId, seq: number) => boolean {
  const spansOf = membershipSpans(world);
  return (conversation, user, seq) =>
    spansOf(conversation, user).some(({ from, to }) => seq >= from && seq <= to);
}

function membershipSpans(
  world: MemoryWorld,
): (conversation: ConversationId, user: UserId) => readonly Span[] {
  const spans = new Map<string, Span[]>();
  for (const [conversation, log] of world.state.logs) {
    let history = 'all';
    const open = (user: string, joined: number) => {
      const from = history === 'all' ? 1 : joined;
      const all = spans.get(`${conversation} ${user}`) ?? [];
      spans.set(`${conversation} ${user}`, [...all, { from, joined, to: Number.POSITIVE_INFINITY }]);
    };
    const record = world.state.conversations.get(conversation)?.record;
    if (record?.kind === 'direct') for (const user of [record.first, record.second]) open(user, 0);
    for (const row of log.rows) {
      const body = JSON.parse(row.body) as {
        history?: string;
        members?: { user_id: string }[];
        user_id?: string;
      };
      history = body.history ?? history;
      for (const member of body.members ?? []) open(member.user_id, row.seq);
      const last = spans.get(`${conversation} ${body.user_id}`)?.at(-1);
      // A ban may come long after the end.
      const isEnd = row.kind === 'member_removed' || row.kind === 'member_left';
      if (isEnd && last?.to === Number.POSITIVE_INFINITY) last.to = row.seq;
    }
  }
  return (conversation, user) => spans.get(`${conversation} ${user}`) ?? [];
}

function acksHold(world: MemoryWorld, asked: readonly Asked[]): string[] {
  const wrong: string[] = [];
  for (const { user, conversation, clientMsgId, acks, refused, undecided, takenBack } of asked) {
    const row = world.state.logs.get(conversation)?.byKey.get(`${user} ${clientMsgId}`);
    const where = `${conversation} ${user} ${clientMsgId}`;
    for (const ack of acks) {
      const holds = row?.seq === ack.seq && row.messageId === ack.message_id && row.at === ack.at;
      if (!holds) wrong.push(`${where}: acknowledged as ${ack.seq}, the log has ${row?.seq}`);
    }
    if (takenBack) wrong.push(`${where}: acknowledged, and refused when it was asked again`);
    if (refused && !undecided && acks.length === 0 && row !== undefined)
      wrong.push(`${where}: refused, and at ${row.seq}`);
  }
  return wrong;
}
