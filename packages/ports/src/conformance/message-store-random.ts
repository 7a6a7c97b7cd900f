// Message store: random sequences of calls, compared with a model of a few lines. fast-check prints the seed of a failure.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import * as fc from 'fast-check';
import {
  type AppendOutcome,
  ERASED_BODY,
  type LogState,
  type MessageStore,
  type NewEntry,
  type Page,
  type StoredEntry,
  type StoredState,
  type Token,
} from '../message-store.ts';
import { ALICE, BOB, bySeq, clientMsgId, conversationId, makeEntry, stored, token } from './fixture.ts';
import type { Open, Opened } from './opened.ts';

const RUNS_COUNT = 100;
const CALLS_MAX_COUNT = 40;
const TEST_TIMEOUT_MS = 120_000;
const BODY_UNITS = 20;

const logs = fc.nat(1);
const tokens = fc.nat(2);
/** A key names a sender and a client_msg_id: few of them, so that duplicates are common. */
const keys = fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 4 });
const claims = fc.record({ kind: fc.constant('claim'), log: logs, token: tokens });
const appends = fc.record({
  kind: fc.constant('append'),
  log: logs,
  /** Mostly the token in force; else one of a few. */
  token: fc.option(tokens, { freq: 5 }),
  headOffset: fc.constantFrom(0, 0, 0, 0, -1, 1),
  keys,
});
const drops = fc.record({ kind: fc.constant('drop'), log: logs, through: fc.nat(20) });
const reads = fc.record({
  kind: fc.constant('read'),
  log: logs,
  after: fc.nat(20),
  to: fc.nat(30),
  limit: fc.integer({ min: 1, max: 8 }),
  /** Odd while every body is even, so that no row ends exactly at the bound. */
  maxBytes: fc.nat(60).map((half) => 2 * half + 1),
});
const finds = fc.record({ kind: fc.constant('find'), log: logs, sender: fc.constantFrom(ALICE, BOB), keys });
const seqs = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 5 });
/** An asOf that is a step beyond the seq: few of them, so that equal and lower ones are common. */
const puts = fc.record({
  kind: fc.constant('putStates'),
  log: logs,
  states: fc.array(fc.record({ seq: fc.integer({ min: 1, max: 20 }), step: fc.nat(4) }), { maxLength: 4 }),
});
const asks = fc.record({ kind: fc.constant('states'), log: logs, seqs });
const erasures = fc.record({ kind: fc.constant('erase'), log: logs, seqs, target: fc.option(fc.nat(9)) });
const calls = fc.array(
  fc.oneof({ weight: 5, arbitrary: appends }, claims, drops, reads, finds, puts, asks, erasures),
  { maxLength: CALLS_MAX_COUNT, size: 'max' },
);
type Call = ReturnType<typeof calls.generate>['value'][number];
type Of<Kind extends Call['kind']> = Extract<Call, { kind: Kind }>;

const senderOf = (key: number) => (key % 2 === 0 ? ALICE : BOB);
const idOf = (key: number) => clientMsgId(`k${key >> 1}`);

/** What one conversation's log should be. */
class Model {
  readonly conversation: ConversationId;
  readonly rows: StoredEntry[] = [];
  /** Keys whose rows retention dropped: a store may or may not know them still. */
  readonly dropped = new Set<string>();
  readonly #states = new Map<number, StoredState>();
  state: LogState = { token: undefined, head: 0, floor: 0 };

  constructor(conversation: ConversationId) {
    this.conversation = conversation;
  }

  kept(): StoredEntry[] {
    return this.rows.filter((row) => row.seq > this.state.floor);
  }

  append(as: Token, expectedHead: number, entries: readonly NewEntry[]): AppendOutcome {
    if (as !== this.state.token || expectedHead !== this.state.head) {
      return { kind: 'refused', reason: { kind: 'fenced', state: this.state } };
    }
    const existing = this.kept().filter((row) => entries.some((entry) => keyOf(entry) === keyOf(row)));
    if (existing.length > 0) return { kind: 'refused', reason: { kind: 'duplicate', existing } };
    this.rows.push(...stored(expectedHead, entries));
    this.state = { ...this.state, head: expectedHead + entries.length };
    return { kind: 'applied', head: this.state.head };
  }

  drop(through: number): void {
    const floor = Math.max(this.state.floor, Math.min(through, this.state.head));
    for (const row of this.rows.slice(0, floor)) this.dropped.add(keyOf(row));
    this.state = { ...this.state, floor };
  }

  /** Those of messages that are there: an owner writes no other. */
  putStates(states: readonly StoredState[]): readonly StoredState[] {
    const put = states.filter(({ seq }) => seq > this.state.floor && seq <= this.state.head);
    for (const state of put) {
      if (state.asOf > (this.#states.get(state.seq)?.asOf ?? -1)) this.#states.set(state.seq, state);
    }
    return put;
  }

  states(asked: readonly number[]): readonly StoredState[] {
    const kept = this.kept().filter((row) => asked.includes(row.seq));
    return kept.flatMap((row) => this.#states.get(row.seq) ?? []);
  }

  erase(seqs: readonly number[], body: string): void {
    for (const [index, row] of this.rows.entries()) {
      if (row.seq > this.state.floor && seqs.includes(row.seq)) this.rows[index] = { ...row, body };
    }
  }

  read(call: Of<'read'>): Page {
    const entries: StoredEntry[] = [];
    let size = 0;
    for (const row of this.kept().filter((each) => each.seq > call.after && each.from <= call.to)) {
      if (entries.length === call.limit || size > call.maxBytes) break;
      entries.push(row);
      size += row.body.length;
    }
    const states = this.states(entries.map((entry) => entry.seq));
    return { entries, states, head: this.state.head, floor: this.state.floor };
  }
}

const keyOf = (entry: NewEntry) => `${entry.sender} ${entry.clientMsgId}`;

let put = 0;
/** No two have the same body, so that one that replaced another is seen. */
function stateFor({ seq, step: after }: { seq: number; step: number }): StoredState {
  put += 1;
  return { seq, asOf: seq + after, body: JSON.stringify({ state: put }) };
}

const sorted = (outcome: AppendOutcome): AppendOutcome =>
  outcome.kind === 'refused' && outcome.reason.kind === 'duplicate'
    ? { kind: 'refused', reason: { kind: 'duplicate', existing: bySeq(outcome.reason.existing) } }
    : outcome;

function entriesFor(model: Model, of: readonly number[]): NewEntry[] {
  return of.map((key) => {
    const entry = makeEntry({
      sender: senderOf(key),
      clientMsgId: idOf(key),
      body: JSON.stringify({ key: String(key).padStart(BODY_UNITS - 10, ' ') }),
    });
    return model.dropped.has(keyOf(entry)) ? { ...makeEntry(), body: entry.body } : entry;
  });
}

async function step(messages: MessageStore, model: Model, call: Call): Promise<void> {
  const { conversation } = model;
  switch (call.kind) {
    case 'claim': {
      model.state = { ...model.state, token: token(call.token) };
      const { head, floor } = model.state;
      expect(await messages.claim(conversation, token(call.token))).toEqual({ kind: 'claimed', head, floor });
      break;
    }
    case 'append': {
      const as = call.token === null ? (model.state.token ?? token(0)) : token(call.token);
      const head = Math.max(0, model.state.head + call.headOffset);
      const entries = entriesFor(model, call.keys);
      const outcome = await messages.append(conversation, as, head, entries);
      expect(sorted(outcome)).toEqual(model.append(as, head, entries));
      break;
    }
    case 'drop':
      model.drop(call.through);
      await messages.drop(conversation, call.through);
      break;
    case 'read': {
      const { after, to, limit, maxBytes } = call;
      expect(await messages.read({ conversation, after, to, limit, maxBytes })).toEqual(model.read(call));
      break;
    }
    case 'find': {
      const asked = new Set(call.keys.map(idOf));
      const found = model.kept().filter((row) => row.sender === call.sender && asked.has(row.clientMsgId));
      expect(bySeq(await messages.find(conversation, call.sender, [...asked]))).toEqual(found);
      break;
    }
    case 'putStates':
      await messages.putStates(conversation, model.putStates(call.states.map(stateFor)));
      break;
    case 'states':
      expect(await messages.states(conversation, call.seqs)).toEqual(model.states(call.seqs));
      break;
    case 'erase': {
      const body =
        call.target === null ? ERASED_BODY : `{"content":{"kind":"deleted"},"target":${call.target}}`;
      model.erase(call.seqs, body);
      await messages.erase(conversation, call.seqs, body);
      break;
    }
    default:
      call satisfies never;
  }
  expect(await messages.state(conversation)).toEqual(model.state);
}

export function randomRule(open: Open<Opened<'messages'>>): void {
  test(
    '[STORE-38] any sequence of calls has the outcomes of the model',
    async () => {
      await using world = await open();
      let made = 1_000;
      await fc.assert(
        fc.asyncProperty(calls, async (sequence) => {
          const models = [new Model(conversationId((made += 1))), new Model(conversationId((made += 1)))];
          for (const call of sequence) await step(world.messages, models[call.log]!, call);
          for (const model of models) {
            const page = await world.messages.read({
              conversation: model.conversation,
              after: 0,
              to: Number.MAX_SAFE_INTEGER,
              limit: 1_000,
              maxBytes: Number.MAX_SAFE_INTEGER,
            });
            expect(page.entries).toEqual(model.kept());
            expect(page.states).toEqual(model.states(model.kept().map((row) => row.seq)));
          }
        }),
        { numRuns: RUNS_COUNT },
      );
    },
    TEST_TIMEOUT_MS,
  );
}
