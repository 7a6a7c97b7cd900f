// The stated contract over random networks: each entry once and in order, each send exactly once. fast-check prints seeds.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import fc from 'fast-check';
import { FakeWorld, mulberry32 } from '../test/fake-world.ts';
import { messageState, ModelServer } from '../test/model-server.ts';
import { ChatClient } from './chat-client.ts';
import type { OpenSocket } from './client-socket.ts';
import type { AppEntry } from './event.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import type { Message } from './message.ts';
import { foldEntries } from './message-fold.ts';

const CONVERSATIONS = ['70', '71', '72'];

type Step =
  | { kind: 'send'; conversation: number; count: number }
  | { kind: 'write'; conversation: number }
  | { kind: 'change'; conversation: number; what: 'edit' | 'delete' | 'react' | 'unreact'; target: number }
  | { kind: 'toggle'; conversation: number; target: number }
  | { kind: 'wait'; ms: number }
  | { kind: 'cut' }
  | { kind: 'restart_server' }
  | { kind: 'crash_client' }
  | { kind: 'look' };

const conversation = fc.nat({ max: CONVERSATIONS.length - 1 });
const target = fc.integer({ min: 1, max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(conversation, fc.integer({ min: 1, max: 4 }))
      .map(([index, count]): Step => ({ kind: 'send', conversation: index, count })),
  },
  { weight: 6, arbitrary: conversation.map((index): Step => ({ kind: 'write', conversation: index })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(conversation, fc.constantFrom('edit', 'edit', 'delete', 'react', 'unreact'), target)
      .map(([index, what, seq]): Step => ({ kind: 'change', conversation: index, what, target: seq })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(conversation, target)
      .map(([index, seq]): Step => ({ kind: 'toggle', conversation: index, target: seq })),
  },
  { weight: 4, arbitrary: fc.nat({ max: 3_000 }).map((ms): Step => ({ kind: 'wait', ms })) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'cut' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restart_server' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'crash_client' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'look' }) },
);

type Plan = { seed: number; trouble: number; slowApp: boolean; steps: Step[] };
const plan: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer(),
  trouble: fc.constantFrom(0, 0.05, 0.3),
  slowApp: fc.boolean(),
  steps: fc.array(step, { minLength: 5, maxLength: 60 }),
});

class Run {
  readonly world: FakeWorld;
  readonly server: ModelServer;
  readonly store = new MemoryClientStore();
  readonly #plan: Plan;
  readonly #random: () => number;
  client: ChatClient;
  /** What the app of every life of the client applied, by conversation. */
  readonly seen = new Map<string, AppEntry[]>(CONVERSATIONS.map((id) => [id, []]));
  readonly acknowledged = new Map<string, { conversation_id: string; seq: number }>();
  sends = 0;
  changes = 0;

  constructor(made: Plan) {
    this.#plan = made;
    this.#random = mulberry32(made.seed);
    this.world = new FakeWorld(made.seed);
    const trouble = (): boolean => this.#random() < made.trouble;
    this.server = new ModelServer(this.world, {
      dropPush: trouble,
      repeatPush: trouble,
      loseAnswer: () => trouble() && trouble(),
      answerLater: trouble,
      delayMs: () => (trouble() ? Math.floor(this.#random() * 400) : 1),
    });
    this.client = this.#start();
  }

  #start(): ChatClient {
    const life = {};
    this.#life = life;
    const openSocket: OpenSocket = (options) => {
      const socket = this.world.openSocket(options);
      const opened = this.world.socket;
      this.world.timers.after(1, () => this.server.accept(opened));
      // What the server still has under way to a client that is gone goes nowhere.
      return { send: (text) => void (this.#life === life && socket.send(text)), close: () => socket.close() };
    };
    const client = new ChatClient({
      ...this.world.options,
      url: 'http://127.0.0.1:8080',
      token: 't',
      store: this.store,
      openSocket,
      limits: { pullWindowMaxCount: 3, bufferedEntriesMaxCount: 6 },
      onEntry: (entry) => this.#onEntry(life, entry),
    });
    client.connect().catch(() => {});
    return client;
  }

  #life: object = {};

  #onEntry(life: object, entry: AppEntry): void | Promise<void> {
    if (this.#life !== life) return new Promise(() => {});
    if (this.#plan.slowApp && this.#random() < 0.1) throw new Error('the app fails');
    if (!this.#plan.slowApp || this.#random() < 0.5)
      return void this.seen.get(entry.conversation_id)?.push(entry);
    return new Promise((resolve) => {
      this.world.timers.after(20, () => {
        if (this.#life !== life) return;
        this.seen.get(entry.conversation_id)?.push(entry);
        resolve();
      });
    });
  }

  async do(one: Step): Promise<void> {
    switch (one.kind) {
      case 'send':
        for (let count = 0; count < one.count; count++) this.#send(CONVERSATIONS[one.conversation]!);
        return;
      case 'write':
        return this.server.write(CONVERSATIONS[one.conversation]!, `w${this.world.now}`);
      case 'change':
        return this.#change(CONVERSATIONS[one.conversation]!, one.what, one.target);
      case 'toggle':
        return this.server.toggle(CONVERSATIONS[one.conversation]!, one.target, '👍');
      case 'wait':
        return this.world.advance(one.ms);
      case 'cut':
        return this.world.sockets.at(-1)?.closeFromServer(1006);
      case 'restart_server':
        this.server.forgetMarks();
        return this.world.sockets.at(-1)?.closeFromServer(4503);
      case 'crash_client':
        await this.world.settle();
        this.world.sockets.at(-1)?.closeFromServer(1006);
        this.client.close().catch(() => {});
        this.client = this.#start();
        return;
      case 'look':
        return this.server.look();
    }
  }

  #send(conversation_id: string): void {
    const clientMsgId = `mine-${this.sends++}`;
    this.client.send(conversation_id, clientMsgId, { clientMsgId }).then(
      ({ seq }) => this.acknowledged.set(clientMsgId, { conversation_id, seq }),
      () => {},
    );
  }

  #change(conversation_id: string, what: 'edit' | 'delete' | 'react' | 'unreact', seq: number): void {
    const clientMsgId = `change-${this.changes++}`;
    const { client } = this;
    const asked = {
      edit: () => client.editMessage(conversation_id, seq, clientMsgId, { clientMsgId }),
      delete: () => client.deleteMessage(conversation_id, seq, { clientMsgId }),
      react: () => client.react(conversation_id, seq, '👍', { clientMsgId }),
      unreact: () => client.react(conversation_id, seq, '👍', { clientMsgId, remove: true }),
    }[what]();
    asked.then(
      (changed) => this.acknowledged.set(clientMsgId, { conversation_id, seq: changed.seq }),
      () => {},
    );
  }

  /** The messages of a conversation as they are now, read afresh. */
  async #fresh(conversation_id: string): Promise<Message[]> {
    const read: Message[] = [];
    let done = false;
    const reading = (async () => {
      for await (const message of this.client.messages(conversation_id)) read.push(message);
      done = true;
    })();
    while (!done) await this.world.advance(10);
    await reading;
    return read;
  }

  /** [STATE-2] What was folded live, over all crashes, what is read afresh, and what the server has. */
  async checkMessages(): Promise<void> {
    for (const [conversation_id, entries] of this.seen) {
      const fresh = await this.#fresh(conversation_id);
      assert.deepEqual(foldEntries(entries), fresh);
      const log = this.server.log(conversation_id);
      const facts = log.flatMap(({ seq, text }) => {
        const state = messageState(log, seq);
        if (state === undefined) return [];
        const { version, reactions, deleted, content } = state;
        return [[seq, version, reactions, deleted === true, deleted ? undefined : (content?.text ?? text)]];
      });
      assert.deepEqual(
        fresh.map(({ seq, version, reactions, deleted, content }) => [
          seq,
          version,
          reactions,
          deleted,
          content.text,
        ]),
        facts,
      );
    }
  }

  /** The trouble is over: everything must come right by itself. */
  async heal(): Promise<void> {
    this.server.chaotic = false;
    for (let round = 0; round < 4; round++) {
      await this.world.advance(60_000);
      this.server.look();
    }
    await this.world.advance(60_000);
  }

  check(): void {
    for (const [conversation_id, entries] of this.seen) {
      const log = this.server.log(conversation_id);
      const expected = log.map(({ seq, client_msg_id }) => [seq, client_msg_id]);
      assert.deepEqual(
        entries.map(({ seq, client_msg_id }) => [seq, client_msg_id]),
        expected,
      );
    }
    const all = CONVERSATIONS.flatMap((id) =>
      this.server.log(id).map((entry) => ({ ...entry, conversation_id: id })),
    );
    const mine = all.filter(({ sender, kind }) => sender === '11' && kind === 'message');
    assert.equal(new Set(all.map((entry) => entry.conversation_id + entry.client_msg_id)).size, all.length);
    assert.equal(mine.length, this.sends, 'every send exactly once');
    for (const id of CONVERSATIONS) {
      const numbers = mine
        .filter((entry) => entry.conversation_id === id)
        .map(({ text }) => Number(text.slice(5)));
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
        'in the order of the calls',
      );
    }
    for (const [client_msg_id, { conversation_id, seq }] of this.acknowledged) {
      assert.equal(this.server.log(conversation_id)[seq - 1]?.client_msg_id, client_msg_id);
    }
    assert.deepEqual(this.client.pending, []);
  }
}

test('[PUSH-2] [SYNC-2] [SEND-6] [RECV-3] [STATE-1] [STATE-2] over any network the app sees 1 to head once and in order, every send once, every message as it is', async () => {
  const runs = 300;
  await fc.assert(
    fc.asyncProperty(plan, async (made) => {
      const run = new Run(made);
      for (const one of made.steps) {
        await run.do(one);
        await run.world.advance(5);
      }
      await run.heal();
      run.check();
      await run.checkMessages();
      const closing = run.client.close();
      await run.world.advance(2_000);
      await closing;
    }),
    { numRuns: runs, verbose: 1 },
  );
});
