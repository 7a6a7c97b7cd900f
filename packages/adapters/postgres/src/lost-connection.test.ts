// What is answered when the connection to PostgreSQL is lost: never "refused" for what may have been written.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import {
  claim,
  conversationId,
  makeEntry,
  read,
  rejection,
  stored,
  token,
} from '@parley/ports/conformance/fixture';
import type { MessageStore } from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import { Client } from 'pg';
import { openPostgres, type PostgresStores } from './open-postgres.ts';
import { TestProxy } from './test-proxy.ts';
import { testWorlds, type World } from './test-worlds.ts';

const C = conversationId(500);
const UNAVAILABLE = { kind: 'refused', reason: { kind: 'unavailable' } };

interface Remote extends AsyncDisposable {
  /** The same data, without the proxy. */
  readonly near: World;
  readonly proxy: TestProxy;
  readonly stores: PostgresStores;
}

async function openRemote(open: () => Promise<World>): Promise<Remote> {
  const near = await open();
  const proxy = await TestProxy.before(near.options.url);
  const stores = await openPostgres({ ...near.options, url: proxy.url });
  await claim(stores.messages, C, token(1));
  return {
    near,
    proxy,
    stores,
    [Symbol.asyncDispose]: async () => {
      await stores[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await near[Symbol.asyncDispose]();
    },
  };
}

/** Asks until it holds. */
async function untilHead(messages: MessageStore, head: number): Promise<void> {
  while ((await messages.state(C)).head < head);
}

const kindOf = (error: unknown) => (error instanceof StoreError ? error.kind : error);

describeWithEngine('postgres', (url) => {
  const { open } = testWorlds(url);

  test('an append whose answer is lost is unknown, also when it landed', async () => {
    await using remote = await openRemote(open);
    const entry = makeEntry();
    remote.proxy.loseAnswers();
    const outcome = remote.stores.messages.append(C, token(1), 0, [entry]);
    await untilHead(remote.near.messages, 1);
    remote.proxy.cut();
    expect(await outcome).toEqual({ kind: 'unknown' });
    remote.proxy.loseAnswers(false);
    expect((await read(remote.stores.messages, C)).entries).toEqual(stored(0, [entry]));
    expect(await remote.stores.messages.append(C, token(1), 1, [makeEntry()])).toEqual({
      kind: 'applied',
      head: 2,
    });
  });

  test('an append that waits for a lock when its session is ended is unknown, and every append of its batch', async () => {
    await using remote = await openRemote(open);
    const { messages } = remote.stores;
    const others = [501, 502].map(conversationId);
    for (const other of others) await claim(messages, other, token(1));
    const blocker = await lockLog(remote.near, C);
    const appends = [C, ...others].map((each) => messages.append(each, token(1), 0, [makeEntry()]));
    await blocker.query(END_THE_BLOCKED);
    expect(await Promise.all(appends)).toEqual(appends.map(() => ({ kind: 'unknown' })));
    await blocker.end();
    expect((await messages.state(C)).head).toBe(0);
  });

  test('what cannot be sent is refused as unavailable, and leaves no trace', async () => {
    await using remote = await openRemote(open);
    const { messages, accounts } = remote.stores;
    remote.proxy.refuse();
    remote.proxy.cut();
    await untilLost(messages);
    expect<unknown>(await messages.append(C, token(1), 0, [makeEntry()])).toEqual(UNAVAILABLE);
    expect(await messages.claim(C, token(2))).toEqual({ kind: 'refused' });
    expect(kindOf(await rejection(() => messages.drop(C, 1)))).toBe('unavailable');
    expect(kindOf(await rejection(() => accounts.userByName('ann')))).toBe('unavailable');
    expect(await remote.near.messages.state(C)).toEqual({ token: token(1), head: 0, floor: 0 });
  });

  test('a claim and an effect whose answers are lost may have happened', async () => {
    await using remote = await openRemote(open);
    const { messages } = remote.stores;
    await messages.append(C, token(1), 0, [makeEntry(), makeEntry()]);
    // Two connections: none can be made while answers get lost.
    await Promise.all([messages.state(C), messages.state(C)]);
    remote.proxy.loseAnswers();
    const claimed = messages.claim(C, token(2));
    const put = rejection(() => messages.putStates(C, [{ seq: 1, asOf: 2, body: '{}' }]));
    while ((await remote.near.messages.state(C)).token !== token(2));
    remote.proxy.cut();
    expect(await claimed).toEqual({ kind: 'unknown' });
    expect(kindOf(await put)).toBe('outcome_unknown');
  });

  test('a read that loses its connection is sent again on another one', async () => {
    await using remote = await openRemote(open);
    remote.proxy.loseAnswers();
    const state = remote.stores.messages.state(C);
    await remote.near.messages.state(C);
    remote.proxy.loseAnswers(false);
    remote.proxy.cut();
    expect(await state).toEqual({ token: token(1), head: 0, floor: 0 });
  });
});

/** A session that holds the log's row. */
async function lockLog({ options: { url, schema } }: World, conversation: ConversationId): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`BEGIN; SELECT 1 FROM ${schema}.logs WHERE id = ${conversation} FOR UPDATE`);
  return client;
}

/** Waits for a session that waits for this one, and ends it. */
const END_THE_BLOCKED = `DO $$
DECLARE blocked integer;
BEGIN
  LOOP
    PERFORM pg_stat_clear_snapshot();
    SELECT pid INTO blocked FROM pg_stat_activity WHERE pg_blocking_pids(pid) @> ARRAY[pg_backend_pid()];
    EXIT WHEN FOUND;
    PERFORM pg_sleep(0.002);
  END LOOP;
  PERFORM pg_terminate_backend(blocked);
END $$`;

/** A connection that was cut is in the pool until its end has been seen. */
async function untilLost(messages: MessageStore): Promise<void> {
  while (kindOf(await messages.state(C).catch((error: unknown) => error)) !== 'unavailable');
}
