// Personal store: random sequences of calls, compared with counting. fast-check prints the seed of a failure.
import { expect, test } from 'bun:test';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import * as fc from 'fast-check';
import { append, CAROL, conversationId, makeEntry } from './fixture.ts';
import { change, groupRecord, membership } from './member-fixture.ts';
import type { Open } from './opened.ts';
import { ANN, BEN, type PersonalWorld, standingOf } from './personal-fixture.ts';

const RUNS_COUNT = 60;
const CALLS_MAX_COUNT = 30;
const TEST_TIMEOUT_MS = 120_000;
const SEQ_MAX = 400;

const USERS = [ANN, BEN, CAROL];
const users = fc.constantFrom(...USERS);
const seqs = fc.nat(SEQ_MAX);
/** Runs of entries, so that logs get long: a kind, a sender, how often. */
const runs = fc.array(
  fc.record({
    kind: fc.constantFrom('message', 'message', 'reaction_added'),
    sender: users,
    count: fc.nat(60),
  }),
  { minLength: 1, maxLength: 4 },
);
const calls = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('append'), runs }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('read'), user: users, seq: seqs }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('unread'), user: users, seq: seqs }) },
    fc.record({ kind: fc.constant('begin'), user: users, seq: seqs }),
    fc.record({ kind: fc.constant('drop'), through: seqs }),
    fc.record({ kind: fc.constant('visible'), user: users, after: seqs }),
  ),
  { maxLength: CALLS_MAX_COUNT, size: 'max' },
);
type Call = ReturnType<typeof calls.generate>['value'][number];

/** What the users' standings in one group are counted from. Seqs are indexes and one. */
class Model {
  readonly conversation: ConversationId;
  readonly senders: (UserId | undefined)[] = [];
  readonly #read = new Map<UserId, number>(USERS.map((user) => [user, 0]));
  readonly #begun = new Map<UserId, number>();
  readonly #visibleAfter = new Map<UserId, number>();
  #floor = 0;
  changes = 0;

  constructor(conversation: ConversationId) {
    this.conversation = conversation;
  }

  read(user: UserId, seq: number): void {
    this.#read.set(user, Math.max(this.#read.get(user) ?? 0, Math.min(seq, this.senders.length)));
  }

  begin(user: UserId, seq: number): void {
    if (seq <= (this.#begun.get(user) ?? 0)) return;
    this.#begun.set(user, seq);
    this.read(user, seq);
  }

  unread(user: UserId, seq: number): void {
    this.#read.set(user, Math.min(this.#read.get(user) ?? 0, Math.max(0, seq - 1)));
  }

  drop(through: number): void {
    this.#floor = Math.max(this.#floor, Math.min(through, this.senders.length));
  }

  show(user: UserId, after: number): void {
    this.#visibleAfter.set(user, after);
  }

  expected(user: UserId): { read: number; unread: number; asOf: number } {
    const read = this.#read.get(user) ?? 0;
    const from = Math.max(read, this.#floor, this.#visibleAfter.get(user) ?? 0);
    const unread = this.senders.slice(from).filter((sender) => sender !== undefined && sender !== user);
    return { read, unread: unread.length, asOf: this.senders.length };
  }
}

async function step(world: PersonalWorld, model: Model, call: Call): Promise<void> {
  const { conversation } = model;
  switch (call.kind) {
    case 'append': {
      const entries = call.runs.flatMap(({ kind, sender, count }) =>
        Array.from({ length: count }, () => makeEntry({ kind, sender })),
      );
      if (entries.length === 0) break;
      await append(world.messages, conversation, entries);
      for (const { kind, sender } of entries) model.senders.push(kind === 'message' ? sender : undefined);
      break;
    }
    case 'read':
      await world.personal.read(call.user, conversation, call.seq);
      model.read(call.user, call.seq);
      break;
    case 'unread':
      await world.personal.unread(call.user, conversation, call.seq);
      model.unread(call.user, call.seq);
      break;
    case 'begin': {
      // An effect of an entry, which is there.
      const seq = Math.min(call.seq, model.senders.length);
      await world.personal.begin(conversation, [call.user], seq);
      model.begin(call.user, seq);
      break;
    }
    case 'drop':
      await world.messages.drop(conversation, call.through);
      model.drop(call.through);
      break;
    case 'visible': {
      const row = membership(call.user, { joinedSeq: 0, visibleAfter: call.after });
      await world.members.apply(conversation, [change((model.changes += 1), [row])]);
      model.show(call.user, call.after);
      break;
    }
    default:
      call satisfies never;
  }
}

export function personalRandomRule(open: Open<PersonalWorld>): void {
  test(
    '[PERSONAL-22] after any sequence of calls unread is what counting the log gives',
    async () => {
      await using world = await open();
      let made = 1_000;
      await fc.assert(
        fc.asyncProperty(calls, async (sequence) => {
          const model = new Model(conversationId((made += 1)));
          const { conversation } = model;
          await world.members.createConversation(groupRecord(conversation));
          const rows = USERS.map((user) => membership(user, { joinedSeq: 0 }));
          await world.members.apply(conversation, [change((model.changes += 1), rows)]);
          for (const call of sequence) {
            await step(world, model, call);
            for (const user of USERS) {
              expect(await standingOf(world, user, conversation)).toMatchObject(model.expected(user));
            }
          }
        }),
        { numRuns: RUNS_COUNT },
      );
    },
    TEST_TIMEOUT_MS,
  );
}
