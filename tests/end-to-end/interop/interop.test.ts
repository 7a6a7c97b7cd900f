// A client in another language, written from PROTOCOL.md alone, beside the SDK: a check that the document is enough.
import { beforeEach, expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { type AppEntry, ChatClient } from '@parley/client';
import type { Child } from '../lib/child.ts';
import { present } from '../lib/needs.ts';
import { cleanEnvironment, type Json, Parley, parse } from '../lib/parley.ts';
import { until } from '../lib/poll.ts';
import { pythonWithWebsockets } from '../lib/python.ts';
import { ServerProcess } from '../lib/server-process.ts';
import { scopePerTest } from '../lib/test-scope.ts';
import { registerAccount } from '../lib/wire-session.ts';

const CLIENT = fileURLToPath(new URL('./client.py', import.meta.url));
const python = pythonWithWebsockets();
const runs = test.skipIf(!present(python !== undefined, 'a Python with websockets'));
const scope = scopePerTest();

let server: ServerProcess;
let ada: PythonClient;
let bob: { client: ChatClient; seen: AppEntry[] };
let conversation: string;

beforeEach(async () => {
  if (python === undefined) return;
  server = await ServerProcess.start(new Parley(scope()), { directory: scope().folder() });
  const accounts = [
    await registerAccount(server.url, 'ada'),
    await registerAccount(server.url, 'bob'),
  ] as const;
  const child = scope().spawn({ command: [python, '-u', CLIENT, server.url], env: cleanEnvironment() });
  ada = new PythonClient(child);
  await child.write(`${accounts[0].token}\n`);
  const seen: AppEntry[] = [];
  const client = new ChatClient({
    url: server.url,
    token: accounts[1].token,
    onEntry: (entry) => void seen.push(entry),
  });
  scope().atEnd(() => client.close());
  bob = { client, seen };
  await client.connect();
  await ada.does({ do: 'connect' });
  await ada.says('online');
  await ada.does({ do: 'open_direct', user_id: accounts[1].user_id });
  conversation = String((await ada.says('conversation'))['conversation_id']);
});

class PythonClient {
  readonly #child: Child;

  constructor(child: Child) {
    this.#child = child;
  }

  get said(): Json[] {
    return this.#child.lines.map(parse);
  }

  does(command: Json): Promise<void> {
    return this.#child.write(`${JSON.stringify(command)}\n`);
  }

  send(client_msg_id: string): Promise<void> {
    return this.does({
      do: 'send',
      conversation_id: conversation,
      client_msg_id,
      text: `text of ${client_msg_id}`,
    });
  }

  all(is: string): Json[] {
    return this.said.filter((what) => what['is'] === is);
  }

  /** The n-th of a kind, counted from 1. */
  says(is: string, n = 1): Promise<Json> {
    return until(`${n} × ${is} (${this.#child.stderr})`, () => this.all(is)[n - 1]);
  }
}

function withoutIs(said: Json): Json {
  return Object.fromEntries(Object.entries(said).filter(([name]) => name !== 'is'));
}

/** All entries of the server's log, which must be what both have seen, each once and in order. */
async function bothHaveTheLog(length: number): Promise<Json[]> {
  const log: Json[] = [];
  for await (const entry of bob.client.history(conversation)) log.push({ ...entry });
  expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length }, (_, index) => index + 1));
  await until('ada has it all', () => ada.all('entry').length >= length);
  await until('bob has it all', () => bob.seen.length >= length);
  expect(ada.all('missing')).toEqual([]);
  expect(ada.all('entry').map(withoutIs)).toEqual(log);
  expect(bob.seen.map((entry): Json => ({ ...entry }))).toEqual(log);
  return log;
}

runs('[SEND-2] [PUSH-1, RECV-1] a client in Python and the SDK chat both ways', async () => {
  const sends: Promise<unknown>[] = [];
  for (let index = 0; index < 100; index++) {
    await ada.send(`a-${index}`);
    sends.push(bob.client.send(conversation, `b-${index}`));
  }
  await ada.says('sent', 100);
  await Promise.all(sends);
  const log = await bothHaveTheLog(200);
  for (const sent of ada.all('sent')) {
    expect(log[Number(sent['seq']) - 1]).toMatchObject({
      client_msg_id: sent['client_msg_id'],
      message_id: sent['message_id'],
    });
  }
  const own = log.filter(({ client_msg_id }) => String(client_msg_id).startsWith('a-'));
  expect(own.map(({ client_msg_id }) => client_msg_id)).toEqual(
    Array.from({ length: 100 }, (_, i) => `a-${i}`),
  );
});

runs('[SYNC-1] [SYNC-2, SYNC-3, PULL-2] it loses its connection and catches up exactly', async () => {
  await ada.says('queue_empty');
  await ada.send('before');
  await ada.says('entry');
  await ada.does({ do: 'drop' });
  await ada.says('offline');
  await Promise.all(
    Array.from({ length: 1_500 }, (_, index) => bob.client.send(conversation, `missed ${index}`)),
  );
  expect(ada.all('entry').length).toBe(1);

  await ada.does({ do: 'connect' });
  await ada.says('queue_empty', 2);
  // All that was missed came before the end of the queue was told.
  expect(ada.all('entry').length).toBe(1_501);
  await bothHaveTheLog(1_501);
});

runs('[SEND-3] [SEND-6, INV 6] it resends under the same id what was not answered', async () => {
  await ada.does({ do: 'deaf' });
  await ada.send('lost-answer');
  await until('it was stored', () => bob.seen.length === 1);
  await ada.does({ do: 'drop' });
  await ada.says('offline');
  expect(ada.all('sent')).toEqual([]);

  await ada.does({ do: 'connect' });
  const sent = await ada.says('sent');
  const [entry] = await bothHaveTheLog(1);
  expect(entry).toMatchObject({
    seq: sent['seq'],
    message_id: sent['message_id'],
    client_msg_id: 'lost-answer',
  });
});

runs(
  '[INV 1] [SEND-4] it goes on through kills of the server',
  async () => {
    for (let kill = 0; kill < 3; kill++) {
      for (let index = 0; index < 100; index++) await ada.send(`k${kill}-${index}`);
      await ada.says('sent', kill * 100 + 1);
      await server.kill();
      await server.restart();
      await ada.says('online', kill + 2);
    }
    await ada.says('sent', 300);
    await bothHaveTheLog(300);
  },
  60_000,
);
