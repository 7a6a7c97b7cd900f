// Badges without asking: what is folded from standings and entries is what the server counts, over any network.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from '../test/test.ts';
import { FakeWorld, mulberry32 } from '../test/fake-world.ts';
import { message, standing as standingView } from '../test/harness.ts';
import { ModelServer, type ModelEntry } from '../test/model-server.ts';
import { ChatClient } from './chat-client.ts';
import { UNREAD_RECENT_MAX_COUNT } from './client-limits.ts';
import type { OpenSocket } from './client-socket.ts';
import type { AppEntry, ClientEvent } from './event.ts';
import { UnreadCounter, type ConversationUnread, type UnreadCounterOptions } from './unread-counter.ts';

const CONVERSATIONS = ['70', '71', '72'];
const empty = { conversations: () => emptyList() };

async function* emptyList(): AsyncGenerator<never, void> {}

function entry(seq: number, more: object = {}): AppEntry {
  return { conversation_id: '70', ...message(seq, more) } as AppEntry;
}

function standing(more: object): ClientEvent {
  return { kind: 'standing', standing: standingView(more) } as ClientEvent;
}

function online(log_id: string): ClientEvent {
  return { kind: 'connection', state: { kind: 'online', welcome: { log_id } } } as ClientEvent;
}

function counter(more: Partial<UnreadCounterOptions> = {}): UnreadCounter {
  return new UnreadCounter({ self: '11', ...more });
}

function counts({ unread, mentions, sure }: ConversationUnread): [number, number, boolean] {
  return [unread, mentions, sure];
}

test('[READ-6] messages of others count from the seq that a standing was counted up to, one’s own never', () => {
  const made = counter();
  for (let seq = 4; seq <= 7; seq++) made.entry(entry(seq, { sender: seq === 6 ? '11' : '12' }));
  assert.deepEqual(counts(made.of('70')), [0, 0, false]);
  made.event(standing({ read: 2, unread: 3, as_of: 5 }));
  assert.deepEqual(counts(made.of('70')), [4, 0, true]);
  made.entry(entry(7));
  made.entry(entry(8));
  assert.deepEqual(made.total, { unread: 5, mentions: 0 });
  made.event(standing({ read: 8, unread: 0, as_of: 8 }));
  assert.deepEqual([made.of('70').unread, made.of('70').read], [0, 8]);
  made.event(standing({ read: 2, unread: 3, as_of: 5 }));
  assert.deepEqual([made.of('70').unread, made.of('70').sure], [0, true]);
});

test('[READ-3] mentions of the user and of everyone count, answers in followed threads do, those of blocked users do not', () => {
  const made = counter({ follows: (_, thread) => thread === 1, blocks: (user) => user === '13' });
  made.event(standing({}));
  for (let time = 0; time < 2; time++) made.entry(entry(6, { mentions: { users: ['11'] } }));
  made.entry(entry(7, { mentions: { everyone: 'here' } }));
  made.entry(entry(8, { thread: 1 }));
  made.entry(entry(9, { thread: 2, mentions: { users: ['12'] } }));
  made.entry(entry(10, { sender: '13', thread: 1, mentions: { everyone: 'all' } }));
  assert.deepEqual(counts(made.of('70')), [5, 3, true]);
  made.entry(entry(11, { kind: 'message_edited', target: 6, content: { kind: 'text', text: 'x' } }));
  made.entry(entry(12, { kind: 'message_edited', target: 8, content: { kind: 'text', text: 'x' } }));
  made.entry(entry(13, { kind: 'message_edited', target: 9, mentions: { users: ['11'] } }));
  assert.deepEqual(counts(made.of('70')), [5, 3, true]);
  made.entry(entry(14, { kind: 'message_deleted', target: 8 }));
  assert.deepEqual(counts(made.of('70')), [5, 2, true]);
});

test('[READ-3] where a change may concern a mention that the server counted, the counter says that it is not sure', () => {
  const made = counter();
  made.event(standing({ read: 2, unread: 3 }));
  made.entry(entry(6, { kind: 'message_edited', target: 1, mentions: { users: ['11'] } }));
  made.entry(entry(7, { kind: 'message_deleted', target: 4 }));
  made.entry(entry(8, { kind: 'message_edited', target: 4 }));
  assert.deepEqual(made.unsure, []);
  made.entry(entry(9, { kind: 'message_edited', target: 4, mentions: { users: ['11'] } }));
  assert.deepEqual(made.unsure, ['70']);
  made.event(standing({ read: 2, unread: 3, as_of: 8 }));
  assert.deepEqual(made.unsure, ['70']);
  made.event(standing({ read: 2, unread: 3, mentions: 1, as_of: 9 }));
  assert.deepEqual([made.unsure, made.total], [[], { unread: 3, mentions: 1 }]);
  made.entry(entry(10, { kind: 'message_deleted', target: 4 }));
  assert.deepEqual(made.unsure, ['70']);
});

test('[READ-3] a standing that was counted before an edit which the counter has folded leaves a doubt (found by a seed)', () => {
  const made = counter();
  made.entry(entry(1, { mentions: { everyone: 'all' } }));
  made.entry(entry(2, { kind: 'message_edited', target: 1, content: { kind: 'text', text: 'x' } }));
  made.event(standing({ read: 0, unread: 1, mentions: 1, as_of: 1 }));
  assert.deepEqual(made.unsure, ['70']);
});

test('[READ-2] who joins a group has nothing unread, also a second time; a direct conversation begins unread', async () => {
  const made = counter();
  await made.load(empty);
  const members = [{ user_id: '11', role: 'member' }];
  made.entry(entry(40, { kind: 'members_joined', members }));
  made.entry(entry(41));
  assert.deepEqual(counts(made.of('70')), [1, 0, true]);
  made.event({ kind: 'removed', conversation_id: '70', seq: 42 } as ClientEvent);
  assert.deepEqual(made.total, { unread: 0, mentions: 0 });
  made.entry(entry(50, { kind: 'members_added', members }));
  made.entry(entry(51));
  assert.deepEqual(counts(made.of('70')), [1, 0, true]);
  made.entry(entry(1, { conversation_id: '71' }));
  assert.deepEqual(counts(made.of('71')), [1, 0, true]);
  made.entry(entry(1, { conversation_id: '72', kind: 'group_created', members, history: 'all', title: 't' }));
  assert.deepEqual(counts(made.of('72')), [0, 0, true]);
});

test('[READ-6] before the list was read, and after a reconnect, nothing is sure; another log_id begins anew', () => {
  const made = counter();
  made.event(online('b1'));
  made.entry(entry(1));
  assert.deepEqual(counts(made.of('70')), [0, 0, false]);
  made.event(standing({ read: 0, unread: 1, as_of: 1 }));
  assert.deepEqual(counts(made.of('70')), [1, 0, true]);
  made.event(online('b1'));
  assert.deepEqual(counts(made.of('70')), [1, 0, false]);
  made.event(standing({ read: 0, unread: 1, as_of: 1 }));
  assert.deepEqual(made.unsure, []);
  made.event(online('b2'));
  assert.deepEqual(made.total, { unread: 0, mentions: 0 });
});

test('[PULL-3] entries that were never handed over make the counter unsure, unless a standing has counted them', () => {
  const made = counter();
  made.event(standing({}));
  const missing = { kind: 'missing', conversation_id: '70', from: 3, to: 5, reason: 'gone' };
  made.event(missing as ClientEvent);
  assert.deepEqual(made.unsure, []);
  made.event({ ...missing, to: 9 } as ClientEvent);
  assert.deepEqual(made.unsure, ['70']);
});

test('a counter keeps a bounded number of messages by seq, counts all of them, and says so when that is not enough', () => {
  const made = counter();
  made.event(standing({ read: 0, unread: 0, as_of: 0 }));
  const count = UNREAD_RECENT_MAX_COUNT + 50;
  for (let seq = 1; seq <= count; seq++) made.entry(entry(seq, { mentions: { users: ['11'] } }));
  assert.deepEqual(counts(made.of('70')), [count, count, true]);
  made.event(standing({ read: 20, unread: 0, as_of: 20 }));
  assert.deepEqual(made.unsure, ['70']);
  made.event(standing({ read: 60, unread: 0, as_of: 60 }));
  assert.deepEqual(counts(made.of('70')), [count - 60, count - 60, true]);
});

type Step =
  | { kind: 'write'; mentions: ModelEntry['mentions'] }
  | { kind: 'change'; target: number; mentions: ModelEntry['mentions'] | 'deleted' }
  | { kind: 'send' }
  | { kind: 'read'; back: number; unread: boolean; elsewhere: boolean }
  | { kind: 'wait'; ms: number }
  | { kind: 'cut' };

const mentions = fc.constantFrom(undefined, undefined, 'me', 'all', 'other');
const step: fc.Arbitrary<Step & { conversation: number }> = fc
  .tuple(
    fc.nat({ max: CONVERSATIONS.length - 1 }),
    fc.oneof(
      { weight: 6, arbitrary: mentions.map((made): Step => ({ kind: 'write', mentions: made })) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fc.integer({ min: 1, max: 6 }), fc.oneof(mentions, fc.constant('deleted' as const)))
          .map(([target, made]): Step => ({ kind: 'change', target, mentions: made })),
      },
      { weight: 2, arbitrary: fc.constant<Step>({ kind: 'send' }) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fc.nat({ max: 3 }), fc.boolean(), fc.boolean())
          .map(([back, unread, elsewhere]): Step => ({ kind: 'read', back, unread, elsewhere })),
      },
      { weight: 2, arbitrary: fc.nat({ max: 2_000 }).map((ms): Step => ({ kind: 'wait', ms })) },
      { weight: 1, arbitrary: fc.constant<Step>({ kind: 'cut' }) },
    ),
  )
  .map(([conversation, made]) => ({ ...made, conversation }));

/** One client whose app shows badges, a server, and what goes wrong between them. */
class Run {
  readonly world: FakeWorld;
  readonly server: ModelServer;
  readonly client: ChatClient;
  readonly counter = counter();
  readonly #applied = new Map<string, number>();
  #loading: Promise<void> = Promise.resolve();
  #loaded = false;

  constructor(seed: number, chance: number) {
    const random = mulberry32(seed);
    const trouble = (): boolean => random() < chance;
    this.world = new FakeWorld(seed);
    this.server = new ModelServer(this.world, {
      dropPush: trouble,
      repeatPush: trouble,
      loseAnswer: () => trouble() && trouble(),
      answerLater: trouble,
      delayMs: () => (trouble() ? Math.floor(random() * 400) : 1),
    });
    for (const id of CONVERSATIONS) this.server.log(id);
    const openSocket: OpenSocket = (options) => {
      const socket = this.world.openSocket(options);
      const opened = this.world.socket;
      this.world.timers.after(1, () => this.server.accept(opened));
      return socket;
    };
    this.client = new ChatClient({
      ...this.world.options,
      openSocket,
      url: 'http://127.0.0.1:8080',
      token: 't',
      onEntry: (got) => {
        this.counter.entry(got);
        this.#applied.set(got.conversation_id, got.seq);
      },
      onEvent: (event) => this.#onEvent(event),
    });
    this.client.connect().catch(() => {});
  }

  #onEvent(event: ClientEvent): void {
    this.counter.event(event);
    if (event.kind !== 'connection') return;
    this.#loaded = false;
    if (event.state.kind !== 'online') return;
    this.#loading = this.counter.load(this.client).then(
      () => void (this.#loaded = this.client.state.kind === 'online'),
      () => {},
    );
  }

  do(made: Step & { conversation: number }): void {
    const id = CONVERSATIONS[made.conversation]!;
    switch (made.kind) {
      case 'write':
        return this.server.write(id, 'text', made.mentions);
      case 'change':
        return this.server.change(id, made.target, made.mentions);
      case 'send':
        this.client.send(id, 'mine').catch(() => {});
        return;
      case 'read': {
        const seq = Math.max(0, this.server.log(id).length - made.back);
        if (made.elsewhere) return this.server.readElsewhere(id, seq, made.unread);
        const { reading } = this.client;
        (made.unread ? reading.markUnread(id, seq) : reading.markRead(id, seq)).catch(() => {});
        return;
      }
      case 'wait':
        return;
      case 'cut':
        return this.world.sockets.at(-1)?.closeFromServer(1006);
    }
  }

  /** The trouble is over. */
  async heal(): Promise<void> {
    this.server.chaotic = false;
    for (let round = 0; round < 3; round++) {
      await this.world.advance(60_000);
      this.server.look();
    }
    await this.world.advance(10_000);
    await this.#loading;
  }

  /** At any moment: what the counter is sure of is what the server counts, as far as this client was told. */
  check(): number {
    if (!this.#loaded || this.server.standingsUnderWay > 0 || this.server.standingLost) return 0;
    const isTold = (id: string): boolean => (this.#applied.get(id) ?? 0) === this.server.log(id).length;
    const sure = CONVERSATIONS.filter((id) => this.counter.of(id).sure && isTold(id));
    for (const id of sure) {
      const { read, unread, mentions: mentioned } = this.server.standing(id);
      assert.deepEqual(this.counter.of(id), { read, unread, mentions: mentioned, sure: true });
    }
    return sure.length;
  }

  async askUnsure(): Promise<void> {
    const asked = this.counter.unsure.map((id) => this.client.conversation(id));
    await this.world.advance(1_000);
    await Promise.all(asked);
  }

  async close(): Promise<void> {
    const closing = this.client.close();
    await this.world.advance(2_000);
    await closing;
  }
}

const steps = fc.array(step, { minLength: 5, maxLength: 60 });

test('[READ-6] [READ-2] [READ-3] over any network and any reconnects the counter comes to the server’s numbers', async () => {
  const plan = fc.record({ seed: fc.integer(), chance: fc.constantFrom(0, 0.05, 0.3), steps });
  await fc.assert(
    fc.asyncProperty(plan, async (made) => {
      const run = new Run(made.seed, made.chance);
      for (const one of made.steps) {
        run.do(one);
        await run.world.advance(one.kind === 'wait' ? one.ms : 5);
        run.check();
      }
      await run.heal();
      run.check();
      await run.askUnsure();
      assert.equal(run.check(), CONVERSATIONS.length);
      const { unread, mentions: mentioned } = run.counter.total;
      const all = CONVERSATIONS.map((id) => run.server.standing(id));
      const sum = (of: 'unread' | 'mentions'): number => all.reduce((total, one) => total + one[of], 0);
      assert.deepEqual([unread, mentioned], [sum('unread'), sum('mentions')]);
      await run.close();
    }),
    { numRuns: 300, verbose: 1 },
  );
});

test('[READ-6] on a good connection the counter has the server’s numbers after each step, without asking', async () => {
  const plan = fc.record({ seed: fc.integer(), steps: steps.map((all) => all.filter(isQuiet)) });
  await fc.assert(
    fc.asyncProperty(plan, async (made) => {
      const run = new Run(made.seed, 0);
      await run.world.advance(100);
      const doubtful = new Set<string>();
      for (const one of made.steps) {
        run.do(one);
        // Only a change of what was counted already may leave a doubt.
        if (one.kind === 'change') doubtful.add(CONVERSATIONS[one.conversation]!);
        await run.world.advance(50);
        run.check();
        assert.deepEqual(
          run.counter.unsure.filter((id) => !doubtful.has(id)),
          [],
        );
      }
      assert.ok(run.check() >= CONVERSATIONS.length - doubtful.size);
      await run.close();
    }),
    { numRuns: 100, verbose: 1 },
  );
});

function isQuiet({ kind }: Step): boolean {
  return kind !== 'cut' && kind !== 'wait';
}
