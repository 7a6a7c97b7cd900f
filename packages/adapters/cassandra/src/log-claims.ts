// Claims: a new token in the bucket that is written now. One that ended in a full bucket would fence nobody.
import type { ClaimOutcome, Token } from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { opened } from './append-batch.ts';
import type { Statement } from './cql-session.ts';
import type { LogParts } from './log-parts.ts';
import { progressOf } from './log-progress.ts';
import { MESSAGE_CONDITIONS } from './message-statements.ts';
import type { Bucket } from './message-table.ts';

export async function claimLog(
  parts: LogParts,
  conversation: ConversationId,
  token: Token,
): Promise<ClaimOutcome> {
  try {
    return await claim(parts, conversation, token);
  } catch (error) {
    // Nothing was sent: it may be tried again, like a claim that lost a race.
    if (error instanceof StoreError && error.kind === 'unavailable') return { kind: 'refused' };
    throw error;
  }
}

async function claim(parts: LogParts, conversation: ConversationId, token: Token): Promise<ClaimOutcome> {
  const { session, map, logs, table, progress } = parts;
  progress.forget(conversation);
  const [last, { floor }] = await Promise.all([map.last(conversation, 'serial'), logs.read(conversation)]);
  const { bucket, statement } = claiming(parts, conversation, token, last);
  const outcome = await session.conditional([statement]);
  if (outcome === 'refused') return { kind: 'refused' };
  if (outcome === 'unknown') {
    // The token is unique: where it is seen, the claim is mine. Where not, it may still come, and fences whom it meets.
    const seen = await table.bucket(conversation, bucket.number, 'serial').catch(() => undefined);
    if (seen?.token !== token || seen.head !== bucket.head) return { kind: 'unknown' };
  }
  map.saw(conversation, bucket);
  progress.keep(conversation, progressOf(bucket));
  if (bucket.number > 0 && bucket.number !== last?.number)
    await logs.hintBucket(conversation, bucket.number).catch(() => undefined);
  return { kind: 'claimed', head: bucket.head, floor: Math.max(floor, last?.floor ?? 0) };
}

/** The bucket as the claim makes it. */
function claiming(
  { buckets, clock }: Pick<LogParts, 'buckets' | 'clock'>,
  conversation: ConversationId,
  token: Token,
  last: Bucket | undefined,
): { readonly bucket: Bucket; readonly statement: Statement } {
  if (last !== undefined && !buckets.isFull(last.number, last.head)) {
    const key = [BigInt(conversation), last.number];
    const params = [token, ...key, last.token, BigInt(last.head)];
    return { bucket: { ...last, token }, statement: { query: MESSAGE_CONDITIONS.claim, params } };
  }
  const head: Seq = last?.head ?? 0;
  const changes = last?.changes ?? 0;
  const bucket: Bucket = {
    number: last === undefined ? 0 : buckets.after(head),
    token,
    head,
    floor: 0,
    changes,
    openedAt: clock.now(),
    openedAfter: head,
    openedChanges: changes,
    previous: last?.number,
  };
  return { bucket, statement: opened(conversation, bucket) };
}
