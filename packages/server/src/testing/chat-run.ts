// A few users who do things at once on a server that fails and dies: what they saw and were told is kept for checking.
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import type { StoreFault } from '@parley/adapter-memory/memory-handle';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { Follower, viewOf } from './follower.ts';
import { fold } from './state-check.ts';
import { entryOf } from '../message/message-effects.ts';
import type { MessageState } from '@parley/protocol/message-state';
import { findViolations, type Asked, type Seen } from './log-check.ts';
import { groupChange, invite } from './groups.ts';
import { messageChangeFrame, referringFrame } from './message-requests.ts';
import { ServerFixture } from './server-fixture.ts';
import { StoreFaults } from './store-faults.ts';
import { sendOf, type TestClient } from './test-client.ts';

export type Step =
  | { readonly kind: 'send'; readonly who: number; readonly where: number; readonly count: number }
  | { readonly kind: 'change'; readonly who: number; readonly whom: number; readonly what: number }
  | {
      readonly kind: 'message_change';
      readonly who: number;
      readonly where: number;
      readonly target: number;
      readonly what: number;
    }
  | {
      readonly kind: 'refer';
      readonly who: number;
      readonly where: number;
      readonly to: number;
      readonly how: number;
    }
  | { readonly kind: 'follow'; readonly who: number; readonly where: number; readonly after: number }
  | { readonly kind: 'retry'; readonly who: number; readonly which: number }
  | { readonly kind: 'pull'; readonly who: number; readonly where: number; readonly after: number }
  | { readonly kind: 'mark'; readonly who: number; readonly where: number; readonly seq: number }
  | { readonly kind: 'join'; readonly who: number }
  | { readonly kind: 'view'; readonly who: number; readonly where: number }
  | { readonly kind: 'reconnect'; readonly who: number }
  | { readonly kind: 'fault'; readonly call: number; readonly fault: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'wait'; readonly ms: number };

interface Request {
  readonly who: number;
  /** Without its ref: it is asked again just so. */
  readonly frame: object;
  readonly asked: readonly Asked[];
}

const NAMES = ['ada', 'bob', 'cy', 'dan'];
const CALLS = [
  'append',
  'state',
  'claim',
  'apply',
  'advance',
  'find',
  'read',
  'members',
  'markReceived',
  'behind',
  'states',
  'putStates',
  'erase',
];
const FAULTS: readonly StoreFault[] = [
  'unknown_applied',
  'unknown_not_applied',
  'storage_full',
  'unavailable',
];

export class ChatRun {
  readonly #chance: SeededRandomness;
  readonly #faults: StoreFaults;
  #fixture: ServerFixture;
  readonly #tokens: string[] = [];
  readonly #users: UserId[] = [];
  #clients: TestClient[] = [];
  readonly #conversations: ConversationId[] = [];
  readonly #requests: Request[] = [];
  /** By client, the requests that wait for an answer. */
  readonly #waiting = new Map<TestClient, Map<number, Request>>();
  readonly #seen: Seen[] = [];
  readonly #followers: Follower[] = [];
  readonly #wrong: string[] = [];

  #code = '';

  constructor(seed: number, largeGroupMembers: number) {
    this.#chance = new SeededRandomness(seed);
    this.#faults = new StoreFaults(() => this.#turns(4));
    const world = new MemoryWorld({ pause: this.#faults.pause });
    const clock = new FakeClock();
    this.#fixture = new ServerFixture({
      world,
      faults: this.#faults,
      seed,
      clock,
      server: { largeGroupMembers },
    });
  }

  async begin(history: 'all' | 'joined'): Promise<void> {
    for (const name of NAMES) {
      const client = await this.#fixture.join(name);
      this.#clients.push(client);
      this.#tokens.push(client.token);
      this.#users.push(client.userId);
    }
    const [ada, bob] = this.#clients as [TestClient, TestClient];
    this.#conversations.push(
      await ada.group('room', this.#users.slice(1, 3), history),
      await ada.direct(bob.userId),
    );
    this.#code = (await invite(ada, this.#where(0))).code;
  }

  async do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'send':
        return this.#ask(this.#sendRequest(step));
      case 'change':
        return this.#ask(this.#changeRequest(step));
      case 'message_change':
        return this.#ask(this.#messageChangeRequest(step));
      case 'refer':
        return this.#ask(this.#referringRequest(step));
      case 'follow':
        return this.#follow(step);
      case 'retry': {
        const request = this.#requests[step.which % Math.max(1, this.#requests.length)];
        return request === undefined ? undefined : this.#ask(request);
      }
      case 'pull':
        this.#client(step.who).start({
          type: 'pull',
          conversation_id: this.#where(step.where),
          after: step.after,
        });
        return this.#turns(20);
      case 'mark': {
        const marks = [{ conversation_id: this.#where(step.where), seq: step.seq }];
        return this.#client(step.who).send({ type: 'received', marks });
      }
      case 'join':
        this.#client(step.who).start({ type: 'join', code: this.#code });
        return this.#turns(20);
      case 'view':
        return this.#client(step.who).send({ type: 'view', conversation_ids: [this.#where(step.where)] });
      case 'reconnect':
        this.#collect(this.#client(step.who));
        this.#client(step.who).cut();
        return this.#connect(step.who);
      case 'fault': {
        const call = CALLS[step.call];
        // Beyond the list: an append that is unknown and cannot be looked up.
        if (call === undefined) this.#faults.next('state', 'unavailable');
        return this.#faults.next(call ?? 'append', FAULTS[call === undefined ? step.fault % 2 : step.fault]);
      }
      case 'restart':
        return this.#restart();
      case 'wait':
        for (const client of this.#clients) client.start({ type: 'find_users' });
        return this.#fixture.timers.advance(step.ms);
    }
  }

  /** Lets everything end, asks again what is not decided, reads everything, and says what is wrong. */
  async finish(): Promise<string[]> {
    this.#faults.clear();
    await this.#fixture.settle();
    this.#collectAll();
    this.#checkRefusals();
    await this.#restart();
    for (const request of this.#requests) {
      // One that was refused, and undecided when it was asked again, may be there without its effects.
      const isOpen = (each: Asked, left: number) => !isDecided(each) || (each.undecided && left === 3);
      for (let left = 3; left > 0 && request.asked.some((each) => isOpen(each, left)); left--) {
        await this.#ask(request);
        await this.#fixture.settle();
        this.#collectAll();
      }
      for (const each of request.asked)
        if (!isDecided(each)) this.#wrong.push(`${each.clientMsgId} is never decided`);
    }
    for (const [who, user] of this.#users.entries()) {
      for (const conversation of this.#conversations) {
        await this.#readAll(who, user, conversation);
        this.#followers.push(new Follower(who, conversation, 0));
      }
    }
    for (const follower of this.#followers) await this.#checkFollower(follower);
    this.#collectAll();
    const asked = this.#requests.flatMap((request) => request.asked);
    return [...this.#wrong, ...findViolations(this.#fixture.stores.world, this.#seen, asked)];
  }

  /** [SEND-6] Only what is answered as unknown, or not answered at all, may be in the log without an acknowledgement. */
  #checkRefusals(): void {
    const waiting = new Set([...this.#waiting.values()].flatMap((requests) => [...requests.values()]));
    for (const request of this.#requests) {
      for (const { acks, undecided, user, conversation, clientMsgId } of request.asked) {
        const row = this.#fixture.stores.world.state.logs
          .get(conversation)
          ?.byKey.get(`${user} ${clientMsgId}`);
        if (row === undefined || acks.length > 0 || undecided || waiting.has(request)) continue;
        this.#wrong.push(`${clientMsgId} was refused, and is in the log at ${row.seq}`);
      }
    }
  }

  async #readAll(who: number, user: UserId, conversation: ConversationId): Promise<void> {
    const { state } = this.#fixture.stores.world;
    const membership = state.conversations.get(conversation)?.members.get(user)?.membership;
    if (membership === undefined) return;
    const head = membership.leftSeq ?? state.logs.get(conversation)?.head ?? 0;
    const got: number[] = [];
    for (let after = 0; after < head;) {
      const page = await this.#client(who).pull(conversation, after, 7);
      got.push(...page.entries.map((entry) => entry.seq));
      if (page.head !== head) this.#wrong.push(`${user} is told head ${page.head}, not ${head}`);
      if (page.through <= after) break;
      after = page.through;
    }
    const expected = Array.from(
      { length: head - membership.visibleAfter },
      (_, at) => membership.visibleAfter + 1 + at,
    );
    if (got.join() !== expected.join())
      this.#wrong.push(`${user} reads ${got.join()} of ${conversation}, not ${expected.join()}`);
  }

  /** [STATE-2] Wherever it began, it ends with what the log says, as far as its user may read. */
  async #checkFollower(follower: Follower): Promise<void> {
    const { who, conversation, from } = follower;
    const user = this.#users[who % this.#users.length] as UserId;
    const { state } = this.#fixture.stores.world;
    const membership = state.conversations.get(conversation)?.members.get(user)?.membership;
    if (membership === undefined) return;
    await follower.catchUp(this.#client(who));
    const { leftSeq = Number.POSITIVE_INFINITY, visibleAfter } = membership;
    const rows = state.logs.get(conversation)?.rows.filter((row) => row.seq <= leftSeq) ?? [];
    const expected = new Map<number, MessageState>();
    fold(expected, rows.map(entryOf));
    const after = Math.max(from, visibleAfter);
    const erased = new Set(
      [...expected.values()].filter(({ content }) => content?.kind === 'deleted').map(({ seq }) => seq),
    );
    const [has, should] = [viewOf(follower.states, after, erased), viewOf(expected, after, erased)];
    if (has !== should) this.#wrong.push(`${user} from ${from} of ${conversation} has ${has}, not ${should}`);
  }

  #sendRequest({ who, where, count }: Extract<Step, { kind: 'send' }>): Request {
    const conversation = this.#where(where);
    const ids = Array.from({ length: count }, (_, at) => `s-${this.#requests.length}-${at}`);
    const frame = sendOf(
      conversation,
      ids.map((id) => ({ id, text: `text [${id}]` })),
    );
    return this.#remember({ who, frame, asked: ids.map((id) => this.#asked(who, conversation, id)) });
  }

  #changeRequest({ who, whom, what }: Extract<Step, { kind: 'change' }>): Request {
    const [group] = this.#conversations as [ConversationId];
    const id = `c-${this.#requests.length}`;
    const user_id = this.#users[whom % this.#users.length] as UserId;
    const frame = { ...groupChange(what, user_id, id), conversation_id: group, client_msg_id: id };
    return this.#remember({ who, frame, asked: [this.#asked(who, group, id)] });
  }

  #messageChangeRequest(step: Extract<Step, { kind: 'message_change' }>): Request {
    const { who, where, what, target } = step;
    const conversation = this.#where(where);
    const id = `c-${this.#requests.length}`;
    const log = this.#fixture.stores.world.state.logs.get(conversation);
    const frame = messageChangeFrame(what, target, { conversation, log, id });
    return this.#remember({ who, frame, asked: [this.#asked(who, conversation, id)] });
  }

  #referringRequest({ who, where, to, how }: Extract<Step, { kind: 'refer' }>): Request {
    const conversation = this.#where(where);
    const id = `s-${this.#requests.length}-0`;
    const source = { conversation: this.#where(to), user: this.#users[1] as UserId };
    const frame = referringFrame(how, to, { conversation, id }, source);
    return this.#remember({ who, frame, asked: [this.#asked(who, conversation, id)] });
  }

  /** A client that begins somewhere, or one that goes on; it may not get far, and goes on at the end. */
  async #follow({ who, where, after }: Extract<Step, { kind: 'follow' }>): Promise<void> {
    const conversation = this.#where(where);
    const log = this.#fixture.stores.world.state.logs.get(conversation);
    const follower = new Follower(who, conversation, Math.min(after, log?.head ?? 0));
    this.#followers.push(follower);
    await follower.catchUp(this.#client(who)).catch(() => undefined);
  }

  #remember(request: Request): Request {
    this.#requests.push(request);
    return request;
  }

  #asked(who: number, conversation: ConversationId, clientMsgId: string): Asked {
    const user = this.#users[who % this.#users.length] as UserId;
    return { user, conversation, clientMsgId, acks: [], refused: false, undecided: false, takenBack: false };
  }

  async #ask(request: Request): Promise<void> {
    const client = this.#client(request.who);
    const ref = client.start(request.frame as Parameters<TestClient['start']>[0]);
    const waiting = this.#waiting.get(client) ?? new Map<number, Request>();
    this.#waiting.set(client, waiting.set(ref, request));
    await this.#turns(20);
  }

  async #restart(): Promise<void> {
    this.#collectAll();
    const before = this.#fixture;
    this.#fixture = before.restart();
    await before.settle();
    // What the dead server still says reaches nobody.
    for (const client of this.#clients) this.#abandon(client);
    for (const who of this.#users.keys()) await this.#connect(who);
  }

  async #connect(who: number): Promise<void> {
    this.#abandon(this.#client(who));
    for (let left = 5; left > 0; left--) {
      const client = await this.#fixture.connect(this.#tokens[who % NAMES.length] as string);
      this.#clients[who % NAMES.length] = client;
      if (client.socket.closedWith === undefined) return;
    }
    throw new Error('nobody is let in');
  }

  /** Takes in what a client was told so far. */
  #collect(client: TestClient): void {
    const user = this.#users[this.#clients.indexOf(client)] as UserId;
    const waiting = this.#waiting.get(client);
    for (const frame of client.frames) {
      this.#seen.push({ user, frame });
      const request = 'ref' in frame && frame.ref !== undefined ? waiting?.get(frame.ref) : undefined;
      if (request === undefined) continue;
      if (frame.type === 'changed') request.asked[0]?.acks.push(frame);
      else if (frame.type === 'error')
        for (const asked of request.asked) refuse(asked, frame.code, frame.retry);
      else if (frame.type === 'sent') {
        for (const [at, result] of frame.results.entries()) {
          if ('seq' in result) request.asked[at]?.acks.push(result);
          else refuse(request.asked[at], result.error.code, result.error.retry);
        }
      }
      if ('ref' in frame && frame.ref !== undefined) waiting?.delete(frame.ref);
    }
    client.clear();
  }

  #collectAll(): void {
    for (const client of this.#clients) this.#collect(client);
  }

  /** The connection is gone: what it was not told is not decided. */
  #abandon(client: TestClient): void {
    for (const request of this.#waiting.get(client)?.values() ?? [])
      for (const asked of request.asked) asked.undecided = true;
    this.#waiting.delete(client);
  }

  #client(who: number): TestClient {
    return this.#clients[who % NAMES.length] as TestClient;
  }

  #where(where: number): ConversationId {
    return this.#conversations[where % this.#conversations.length] as ConversationId;
  }

  async #turns(most: number): Promise<void> {
    for (let turns = this.#chance.below(most); turns > 0; turns--) await Promise.resolve();
  }
}

function refuse(asked: Asked | undefined, code: string, retry: 'no' | 'later'): void {
  if (asked === undefined) return;
  if (retry === 'no' && asked.acks.length > 0) asked.takenBack = true;
  if (code === 'outcome_unknown') asked.undecided = true;
  else if (retry === 'no') asked.refused = true;
}

function isDecided(asked: Asked): boolean {
  return asked.acks.length > 0 || asked.refused;
}
