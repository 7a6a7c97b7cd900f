// A message store on a session that a test holds.
import { CassandraMessageStore } from '../cassandra-message-store.ts';
import type { CqlSession } from '../cql-session.ts';
import { logParts } from '../log-parts.ts';
import { Pauses } from '../pauses.ts';
import { REAL_CLOCK, REAL_RANDOMNESS, REAL_TIMERS } from './test-keyspace.ts';

const PARTS = { timers: REAL_TIMERS, randomness: REAL_RANDOMNESS };

/** `now` is what the store takes for the time of day. */
export function storeOn(
  session: CqlSession,
  bucketSeqsCount: number,
  now = () => REAL_CLOCK.now(),
): CassandraMessageStore {
  const clock = { ...REAL_CLOCK, now };
  const parts = logParts({ session, clock, bucketSeqsCount });
  return new CassandraMessageStore({ logId: 'test', parts, pauses: new Pauses({ ...PARTS, clock }) });
}
