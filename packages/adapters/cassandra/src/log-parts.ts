// What everything that reads or writes logs works with.
import type { Clock } from '@parley/ports/clock';
import type { LogState } from '@parley/ports/message-store';
import type { ConversationId } from '@parley/protocol/ids';
import { Buckets } from './buckets.ts';
import type { CqlSession } from './cql-session.ts';
import { IdTable } from './id-table.ts';
import { LogBuckets } from './log-buckets.ts';
import { LogProgress } from './log-progress.ts';
import { LogTable } from './log-table.ts';
import { MessageTable } from './message-table.ts';
import { SentBlocks } from './sent-blocks.ts';

export interface LogParts {
  readonly session: CqlSession;
  readonly clock: Clock;
  readonly buckets: Buckets;
  readonly table: MessageTable;
  readonly logs: LogTable;
  readonly ids: IdTable;
  readonly map: LogBuckets;
  readonly sentBlocks: SentBlocks;
  readonly progress: LogProgress;
}

export interface LogPartsOptions {
  readonly session: CqlSession;
  readonly clock: Clock;
  readonly bucketSeqsCount: number;
}

export function logParts({ session, clock, bucketSeqsCount }: LogPartsOptions): LogParts {
  const buckets = new Buckets(bucketSeqsCount);
  const table = new MessageTable(session);
  const logs = new LogTable(session);
  const sentBlocks = new SentBlocks(table);
  return {
    session,
    clock,
    buckets,
    table,
    logs,
    ids: new IdTable(session),
    map: new LogBuckets(buckets, table, logs),
    sentBlocks,
    progress: new LogProgress(sentBlocks),
  };
}

/** Linearizable: what is seen was committed before, and what was committed before is seen. */
export async function stateOf(
  { map, logs }: Pick<LogParts, 'map' | 'logs'>,
  conversation: ConversationId,
): Promise<LogState> {
  const [last, { floor }] = await Promise.all([map.last(conversation, 'serial'), logs.read(conversation)]);
  if (last === undefined) return { token: undefined, head: 0, floor: 0 };
  return { token: last.token, head: last.head, floor: Math.max(floor, last.floor) };
}
