// The one batch of an append: the condition, the entries, what makes them idempotent, and what they add to the counts.
import type { NewEntry, Token } from '@parley/ports/message-store';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { Statement } from './cql-session.ts';
import type { Progress } from './log-progress.ts';
import { MESSAGE_CONDITIONS, MESSAGE_WRITES } from './message-statements.ts';
import { type Bucket, COMMON_KIND } from './message-table.ts';
import { blockOf, NOTHING_SENT, type Sent } from './sent-blocks.ts';

export interface AppendPlan {
  readonly conversation: ConversationId;
  readonly token: Token;
  readonly entries: readonly NewEntry[];
  /** The log at the expected head, in the bucket that the entries go into; of all senders it is known what they sent. */
  readonly progress: Progress;
  /** The bucket is opened by this append. */
  readonly opens: boolean;
}

/** Its bytes are fixed by this: it may be issued again as it is. */
export interface AppendBatch {
  readonly statements: readonly Statement[];
  /** The log, should it be applied. */
  readonly after: Progress;
  readonly opens: boolean;
}

export function appendBatch(plan: AppendPlan): AppendBatch {
  const { conversation, entries, progress } = plan;
  const key = [BigInt(conversation), progress.bucket.number] as const;
  const rows: Statement[] = [];
  const sent = new Map(progress.sent);
  let { head, changes } = progress;
  for (const entry of entries) {
    head += 1;
    rows.push(entryRow(key, head, entry), sentIdRow(key, head, entry));
    if (entry.kind === COMMON_KIND) {
      const before = sent.get(entry.sender) ?? NOTHING_SENT;
      if (before.block !== blockOf(head)) rows.push(sentCountRow(key, entry.sender, head, before));
      sent.set(entry.sender, { block: blockOf(head), count: before.count + 1 });
    } else {
      changes += 1;
      rows.push(changeCountRow(key, head, changes));
    }
  }
  const condition = plan.opens ? opening(plan, head, changes) : advancing(key, plan, head, changes);
  const after = { ...progress, head, changes, sent };
  return { statements: [condition, ...rows], after, opens: plan.opens };
}

type Key = readonly [conversation: bigint, bucket: number];

/** Also of an empty bucket, by a claim. */
export function opened(conversation: ConversationId, bucket: Bucket): Statement {
  const { token, head, changes, openedAt, openedAfter, openedChanges, previous } = bucket;
  const counts = [
    BigInt(head),
    BigInt(changes),
    BigInt(openedAt),
    BigInt(openedAfter),
    BigInt(openedChanges),
  ];
  const key = [BigInt(conversation), bucket.number] as const;
  return {
    query: MESSAGE_CONDITIONS.open,
    params: [token, ...counts, previous, ...key, null, null],
  };
}

const opening = ({ conversation, token, progress }: AppendPlan, head: Seq, changes: number) =>
  opened(conversation, { ...progress.bucket, token, head, changes });

const advancing = (key: Key, { token, progress }: AppendPlan, head: Seq, changes: number): Statement => ({
  query: MESSAGE_CONDITIONS.append,
  params: [BigInt(head), BigInt(changes), ...key, token, BigInt(progress.head)],
});

const entryRow = (key: Key, seq: Seq, entry: NewEntry): Statement => {
  const { messageId, sender, clientMsgId, at, kind, body } = entry;
  const named = kind === COMMON_KIND ? undefined : kind;
  const fields = [BigInt(messageId), BigInt(sender), clientMsgId, BigInt(at), named, body];
  return { query: MESSAGE_WRITES.entry, params: [...key, BigInt(seq), ...fields] };
};

const sentIdRow = (key: Key, seq: Seq, { sender, clientMsgId }: NewEntry): Statement => ({
  query: MESSAGE_WRITES.sentId,
  params: [...key, BigInt(sender), clientMsgId, BigInt(seq)],
});

const sentCountRow = (key: Key, sender: UserId, seq: Seq, before: Sent): Statement => ({
  query: MESSAGE_WRITES.sentCount,
  params: [...key, BigInt(sender), BigInt(blockOf(seq)), BigInt(before.count)],
});

const changeCountRow = (key: Key, seq: Seq, changes: number): Statement => ({
  query: MESSAGE_WRITES.changeCount,
  params: [...key, BigInt(seq), BigInt(changes)],
});
