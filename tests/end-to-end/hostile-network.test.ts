// The SDK over a network that drops, delays, doubles and cuts connections, with the server killed now and then.
import { expect, test } from 'bun:test';
import { type AppEntry, ChatClient, type Credentials, register, type Sent } from '@parley/client';
import { HostileProxy } from './lib/hostile-proxy.ts';
import { isLong } from './lib/needs.ts';
import { LossyPushes } from './lib/lossy-pushes.ts';
import { Parley, passwordOf } from './lib/parley.ts';
import { pause, until, within } from './lib/poll.ts';
import { realLines } from './lib/real-lines.ts';
import type { Scope } from './lib/scope.ts';
import { Seeded } from './lib/seeded.ts';
import { ServerProcess } from './lib/server-process.ts';
import { scopePerTest } from './lib/test-scope.ts';
import { accountAt, openWorld } from './lib/world.ts';

const NAMES = ['ada', 'bob', 'cyd', 'dan'];
const MESSAGES_COUNT = isLong ? 6_000 : 1_200;
const SERVER_KILLS_COUNT = isLong ? 12 : 3;
const HEALED_WITHIN_MS = 60_000;

/** The SDK waits a random part of up to 30 s after many cuts; here a fiftieth of it. */
const impatient = {
  bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
  fraction: () => Math.random() / 50,
};

const scope = scopePerTest();

test('[INV 4] [INV 1, INV 5, INV 6, INV 10, INV 21] over a hostile network the app sees the log, once and in order', async () => {
  const random = Seeded.printed('hostile network');
  const parley = new Parley(scope());
  const server = await ServerProcess.start(parley, { directory: scope().folder() });
  const proxy = new HostileProxy({ upstreamPort: server.port, random });
  scope().atEnd(() => proxy[Symbol.dispose]());

  const people = await Promise.all(NAMES.map((name) => Person.make({ name, server, proxy, scope: scope() })));
  const group = await createGroup(people, server);
  for (const person of people) void person.client.connect().catch(() => {}); // it goes on trying by itself
  const killing = killNowAndThen(server, random);
  await sendAll(people, group, random);
  await killing;
  proxy.heal();

  for (const person of people) {
    await within(`${person.name}'s sends resolve`, Promise.all(person.sends), HEALED_WITHIN_MS);
  }
  const log = await readLog(people, server, group);
  for (const person of people) {
    await until(`${person.name} has it all`, () => person.seen(group).length >= log.length, HEALED_WITHIN_MS);
    expect(person.seen(group)).toEqual(log);
    expect(person.trouble).toEqual([]);
    await expectSendsInLog(person, log);
  }
  expect(log.length).toBe(MESSAGES_COUNT + 1);
  // Otherwise the network was not hostile.
  for (const kind of ['cut', 'drop', 'delay', 'twice'] as const) expect(proxy.fates[kind]).toBeGreaterThan(0);
  console.log(proxy.fates);
}, 300_000);

test('[PUSH-2] [INV 4, INV 10] pushes that are lost, repeated or overtaken change nothing that the app sees', async () => {
  const random = Seeded.printed('lossy pushes');
  const { server, accounts, group } = await openWorld(scope(), ['ada', 'bob']);
  const pushes = new LossyPushes(random);
  const seen: AppEntry[] = [];
  const client = new ChatClient({
    url: server.url,
    token: accountAt(accounts, 1).token,
    openSocket: pushes.openSocket,
    onEntry: (entry) => void seen.push(entry),
  });
  scope().atEnd(() => client.close());
  await client.connect();
  await using ada = new ChatClient({ url: server.url, token: accountAt(accounts, 0).token });
  await ada.connect();
  const sends: Promise<Sent>[] = [];
  for (const line of realLines().slice(0, 500)) {
    sends.push(ada.send(group, line));
    if (random.chance(0.3)) await pause(1);
  }
  await Promise.all(sends);
  pushes.heal();
  await ada.send(group, 'the last one');
  await until('bob has it all', () => seen.length >= 502);
  expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 502 }, (_, index) => index + 1));
  for (const kind of ['lost', 'repeated', 'late'] as const) expect(pushes.counts[kind]).toBeGreaterThan(0);
});

interface PersonOptions {
  readonly name: string;
  readonly server: ServerProcess;
  readonly proxy: HostileProxy;
  readonly scope: Scope;
}

/** A user whose app connects through the proxy and writes down all that it is handed. */
class Person {
  readonly name: string;
  readonly credentials: Credentials;
  readonly client: ChatClient;
  readonly sends: Promise<Sent>[] = [];
  readonly texts: string[] = [];
  /** What the app was told that must not happen here. */
  readonly trouble: string[] = [];
  readonly #entries: AppEntry[] = [];

  private constructor(name: string, credentials: Credentials, url: string) {
    this.name = name;
    this.credentials = credentials;
    this.client = new ChatClient({
      url,
      token: credentials.token,
      randomness: impatient,
      onEntry: (entry) => void this.#entries.push(entry),
      onEvent: (event) => {
        if (event.kind === 'missing' || event.kind === 'removed') this.trouble.push(JSON.stringify(event));
        if (
          event.kind === 'connection' &&
          event.state.kind === 'closed' &&
          event.state.reason.kind !== 'app'
        ) {
          this.trouble.push(`closed: ${event.state.reason.error.message}`);
        }
      },
    });
  }

  static async make({ name, server, proxy, scope }: PersonOptions): Promise<Person> {
    const person = new Person(
      name,
      await register({ url: server.url, name, password: passwordOf(name) }),
      proxy.url,
    );
    scope.atEnd(() => person.client.close());
    return person;
  }

  seen(conversation: string): AppEntry[] {
    return this.#entries.filter((entry) => entry.conversation_id === conversation);
  }

  send(conversation: string, text: string): void {
    this.texts.push(text);
    this.sends.push(this.client.send(conversation, text));
  }
}

async function createGroup([first, ...rest]: readonly Person[], server: ServerProcess): Promise<string> {
  await using client = new ChatClient({ url: server.url, token: first!.credentials.token });
  await client.connect();
  const members = rest.map(({ credentials: { user_id } }) => ({ user_id }));
  return (await client.createGroup({ title: 'Storm', members })).conversation_id;
}

async function sendAll(people: readonly Person[], group: string, random: Seeded): Promise<void> {
  const lines = realLines().slice(0, MESSAGES_COUNT);
  while (lines.length > 0) {
    const person = random.pick(people);
    for (const line of lines.splice(0, random.between(1, 12))) person.send(group, line);
    await pause(random.between(0, 120));
  }
}

async function killNowAndThen(server: ServerProcess, random: Seeded): Promise<void> {
  for (let kill = 0; kill < SERVER_KILLS_COUNT; kill++) {
    await pause(random.between(500, 2_500));
    await server.kill();
    await pause(random.between(0, 300));
    await server.restart();
  }
}

/** The log as a client reads it that was never disturbed. */
async function readLog(people: readonly Person[], server: ServerProcess, group: string): Promise<AppEntry[]> {
  await using client = new ChatClient({ url: server.url, token: people[0]!.credentials.token });
  await client.connect();
  const log: AppEntry[] = [];
  for await (const entry of client.history(group)) log.push(entry);
  expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: log.length }, (_, index) => index + 1));
  return log;
}

/** Each send has its own entry, with the seq and ids it was answered with, in the order of the calls. */
async function expectSendsInLog(person: Person, log: readonly AppEntry[]): Promise<void> {
  const sent = await Promise.all(person.sends);
  const own = log.filter(({ sender, kind }) => sender === person.credentials.user_id && kind === 'message');
  const facts = ({ seq, message_id, client_msg_id, at }: AppEntry | Sent): unknown => ({
    seq,
    message_id,
    client_msg_id,
    at,
  });
  expect(own.map(facts)).toEqual(sent.map(facts));
  const texts = own.map((entry) =>
    'content' in entry && entry.content !== undefined ? entry.content : undefined,
  );
  expect(texts).toEqual(person.texts.map((text) => ({ kind: 'text', text })));
}
