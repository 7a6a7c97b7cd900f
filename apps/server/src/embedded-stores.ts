// Everything in one folder, for the one process that has it.
import { openSqlite } from '@parley/adapter-sqlite/open-sqlite';
import { Snowflake } from '@parley/server/message/snowflake';
import type { EmbeddedConfig } from './stores-config.ts';
import type { Stores, StoresParts } from './stores.ts';

/** The only node of an embedded installation. */
const WORKER_ID = 0;

export async function openEmbeddedStores(
  { directory }: EmbeddedConfig,
  { clock, timers, randomness, log }: StoresParts,
): Promise<Stores> {
  const { greatestId, failed, ...stores } = await openSqlite({ directory, clock, timers, randomness, log });
  return {
    ports: {
      ...stores,
      // One process: nobody else asks, and what is online ends with it.
      status: undefined,
      ids: new Snowflake({ clock, worker: WORKER_ID, after: greatestId }),
    },
    ended: failed.then((reason) => ({ kind: 'failed', reason })),
    ready: () => Promise.resolve(true),
    announce: () => undefined,
    place: { kind: 'embedded', directory },
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}
