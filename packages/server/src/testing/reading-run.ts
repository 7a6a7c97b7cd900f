// A random history of reading and writing, with faults and crashes: after each step the server's counts are checked.
import type { Down } from '@parley/protocol/down';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { MessageState } from '@parley/protocol/message-state';
import type { Up } from '@parley/protocol/up';
import { Retention } from '../message/retention.ts';
import { ReadingModel } from './reading-model.ts';
import { idOf } from './reading-room.ts';
import { DAY_MS, ServerFixture } from './server-fixture.ts';
import type { TestClient } from './test-client.ts';

export type ReadingStep =
  /** `how`: plain twice, by name, everyone, in a thread. */
  | { kind: 'send'; who: number; where: number; how: number; whom: number; to: number; count: number }
  | {
      kind: 'change';
      who: number;
      where: number;
      what: 'edit' | 'mention' | 'delete';
      target: number;
      whom: number;
    }
  | { kind: 'read' | 'unread'; who: number; where: number; seq: number }
  | { kind: 'member'; whom: number; what: 'add' | 'remove' | 'leave' }
  | { kind: 'follow'; who: number; where: number; thread: number; yes: boolean }
  | { kind: 'block'; who: number; whom: number; yes: boolean }
  | { kind: 'fault'; call: number; fault: number }
  | { kind: 'time' | 'retain' | 'restart' };

const NAMES = ['ada', 'bob', 'cleo', 'dan'];
const CALLS = [
  'messages.append',
  'messages.read',
  'messages.putStates',
  'members.apply',
  'queue.advance',
  'personal.setMentions',
  'personal.begin',
  'personal.follow',
  'personal.followers',
  'personal.read',
  'personal.unread',
  'receipts.raise',
];
const FAULTS = ['unavailable', 'unknown_applied', 'unknown_not_applied'] as const;
const TRIES_MAX_COUNT = 6;

type Request = Parameters<TestClient['request']>[0];
interface Place {
  readonly id: ConversationId;
  readonly model: ReadingModel;
}

export class ReadingRun {
  #fixture = new ServerFixture();
  #clients: TestClient[] = [];
  readonly #tokens: string[] = [];
  #places: Place[] = [];
  readonly #blocked = new Map<UserId, Set<UserId>>();
  #made = 0;

  async begin(history: 'all' | 'joined'): Promise<void> {
    for (const name of NAMES) this.#tokens.push((await this.#fixture.register(name)).token);
    await this.#connect();
    const [ada, bob, cleo] = this.#clients as [TestClient, TestClient, TestClient];
    const group = await ada.group('room', [bob.userId, cleo.userId], history);
    const direct = await ada.direct(bob.userId);
    this.#places = [
      { id: group, model: new ReadingModel(history) },
      { id: direct, model: new ReadingModel('all', [ada.userId, bob.userId]) },
    ];
    this.#see();
  }

  async do(step: ReadingStep): Promise<void> {
    await this.#act(step);
    this.#see();
  }

  /** What the server says otherwise than the model; empty when all is well. */
  async differences(): Promise<string[]> {
    // What may have been left half done is redone by whoever writes next.
    this.#fixture.faults.clear();
    for (const [at, { id }] of this.#places.entries())
      await this.#ask(0, this.#sendFrame(id, [{ content: { kind: 'text', text: `end ${at}` } }]));
    this.#see();
    const wrong: string[] = [];
    for (const who of NAMES.keys()) wrong.push(...(await this.#differencesOf(who)));
    return wrong;
  }

  async #differencesOf(who: number): Promise<string[]> {
    const { userId } = this.#client(who);
    const told = await this.#ask(who, { type: 'get_unread' });
    if (told.type !== 'unread') return [`${NAMES[who]}: ${JSON.stringify(told)}`];
    const wrong: string[] = [];
    const total = { unread: 0, mentions: 0 };
    for (const { id, model } of this.#places) {
      const answer = await this.#ask(who, { type: 'get_conversation', conversation_id: id });
      const standing = answer.type === 'conversation' ? answer.conversation.standing : undefined;
      const isMember = model.isMember(userId);
      const blocked = this.#blocked.get(userId) ?? new Set();
      const counted = model.expected(userId, this.#log(id), blocked);
      const expected = isMember ? { conversation_id: id, ...counted } : undefined;
      compare(wrong, `${NAMES[who]} in ${id}`, standing, expected);
      const row = told.rows.find((each) => each.conversation_id === id);
      const isListed = isMember && (counted.unread > 0 || counted.mentions > 0);
      compare(wrong, `${NAMES[who]} unread in ${id}`, row, isListed ? expected : undefined);
      total.unread += isMember ? counted.unread : 0;
      total.mentions += isMember ? counted.mentions : 0;
    }
    compare(wrong, `${NAMES[who]} in all`, told.total, total);
    return wrong;
  }

  async #act(step: ReadingStep): Promise<void> {
    switch (step.kind) {
      case 'send':
        return this.#send(step);
      case 'change':
        return this.#change(step);
      case 'read':
      case 'unread':
        return this.#mark(step);
      case 'member':
        return this.#member(step);
      case 'follow':
        return this.#follow(step);
      case 'block':
        return this.#block(step);
      case 'fault':
        return this.#fixture.faults.next(
          ({ store, method }) => `${store}.${method}` === CALLS[step.call],
          FAULTS[step.fault],
        );
      case 'time':
        return this.#fixture.clock.step(DAY_MS / 3);
      case 'retain':
        return this.#retain();
      case 'restart':
        return this.#restart();
    }
  }

  async #send({ who, where, how, whom, to, count }: Extract<ReadingStep, { kind: 'send' }>): Promise<void> {
    const content = { kind: 'text', text: 'x' };
    const { userId } = this.#client(whom);
    const ways = [
      {},
      {},
      { mentions: { users: [userId] } },
      { mentions: { everyone: 'all' } },
      { thread: to },
      { thread: to, mentions: { users: [userId] } },
    ];
    const messages = Array.from({ length: count }, () => ({ content, ...ways[how % ways.length] }));
    await this.#ask(who, this.#sendFrame(this.#place(where).id, messages));
  }

  async #change({ who, where, what, target, whom }: Extract<ReadingStep, { kind: 'change' }>): Promise<void> {
    const { id } = this.#place(where);
    const state = this.#log(id)?.states.get(target);
    const version = state === undefined ? target : (JSON.parse(state.body) as MessageState).version;
    const sender = this.#log(id)?.rows.find((row) => row.seq === target)?.sender;
    const author = this.#clients.findIndex((client) => client.userId === sender);
    const mentions = what === 'mention' ? { mentions: { users: [this.#client(whom).userId] } } : {};
    const frame =
      what === 'delete'
        ? { type: 'delete_message', target }
        : { type: 'edit_message', target, version, content: { kind: 'text', text: 'y' }, ...mentions };
    await this.#askChange(author < 0 ? who : author, id, frame);
  }

  async #mark({ kind, who, where, seq }: Extract<ReadingStep, { kind: 'read' | 'unread' }>): Promise<void> {
    const { id, model } = this.#place(where);
    const { userId } = this.#client(who);
    const [before, head] = [model.readOf(userId), this.#log(id)?.head ?? 0];
    const type = kind === 'read' ? 'read' : 'mark_unread';
    const answer = await this.#ask(who, { type, conversation_id: id, seq });
    const isAllowed = model.isMember(userId) && seq <= head && (kind === 'unread' || seq >= before);
    if ((answer.type === 'standing') !== isAllowed)
      throw new Error(`${kind} ${seq} (read ${before}, head ${head}): ${JSON.stringify(answer)}`);
    if (!isAllowed) return;
    model.setRead(userId, kind === 'read' ? seq : Math.min(before, Math.max(0, seq - 1)));
  }

  async #member({ whom, what }: Extract<ReadingStep, { kind: 'member' }>): Promise<void> {
    const { id } = this.#place(0);
    const { userId } = this.#client(whom);
    if (what === 'add') await this.#askChange(0, id, { type: 'add_members', user_ids: [userId] });
    if (what === 'remove') await this.#askChange(0, id, { type: 'remove_member', user_id: userId });
    if (what === 'leave') await this.#askChange(whom, id, { type: 'leave_group' });
  }

  async #follow({ who, where, thread, yes }: Extract<ReadingStep, { kind: 'follow' }>): Promise<void> {
    const { id, model } = this.#place(where);
    const frame = { type: 'follow_thread', conversation_id: id, thread, follow: yes } as const;
    const answer = await this.#ask(who, frame);
    if (answer.type === 'done') model.follow(this.#client(who).userId, thread, yes);
  }

  async #block({ who, whom, yes }: Extract<ReadingStep, { kind: 'block' }>): Promise<void> {
    const [{ userId }, { userId: other }] = [this.#client(who), this.#client(whom)];
    const answer = await this.#ask(who, { type: yes ? 'block_user' : 'unblock_user', user_id: other });
    if (answer.type !== 'done') return;
    const blocked = this.#blocked.get(userId) ?? new Set<UserId>();
    this.#blocked.set(userId, blocked);
    if (yes) blocked.add(other);
    else blocked.delete(other);
  }

  async #retain(): Promise<void> {
    const { stores, clock, log } = this.#fixture;
    const { messages, personal, receipts } = stores;
    await new Retention({ messages, personal, receipts, clock, log, keepMs: DAY_MS }).pass();
  }

  async #restart(): Promise<void> {
    this.#fixture = this.#fixture.restart();
    // A socket whose queue cannot be read is closed: that is another test's matter.
    this.#fixture.faults.clear();
    await this.#connect();
  }

  async #connect(): Promise<void> {
    this.#clients = [];
    for (const token of this.#tokens) this.#clients.push(await this.#fixture.connect(token));
  }

  /** Asks again as a client does, until it is decided: what is not may be there or not. */
  async #ask(who: number, frame: Request): Promise<Down> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#client(who).request(frame);
      const faults =
        answer.type === 'sent' ? answer.results.flatMap((each) => ('error' in each ? each.error : [])) : [];
      const isOpen =
        answer.type === 'error' ? answer.retry === 'later' : faults.some((each) => each.retry === 'later');
      if (!isOpen) return answer;
      this.#see();
      if (tries > TRIES_MAX_COUNT) throw new Error(`not decided: ${JSON.stringify([frame, answer])}`);
      await this.#fixture.timers.advance(600);
    }
  }

  async #askChange(who: number, conversation_id: ConversationId, fields: object): Promise<void> {
    await this.#ask(who, { conversation_id, client_msg_id: this.#newId(), ...fields } as Request);
  }

  #sendFrame(conversation_id: ConversationId, messages: readonly object[]): Request {
    const all = messages.map((message) => ({ client_msg_id: this.#newId(), ...message }));
    return { type: 'send', conversation_id, messages: all } as Omit<Extract<Up, { type: 'send' }>, 'ref'>;
  }

  #newId() {
    this.#made += 1;
    return idOf(`m-${this.#made}`);
  }

  #see(): void {
    for (const { id, model } of this.#places) model.see(this.#log(id));
  }

  #log(id: ConversationId) {
    return this.#fixture.stores.world.state.logs.get(id);
  }

  #client(who: number): TestClient {
    return this.#clients[who] as TestClient;
  }

  #place(where: number): Place {
    return this.#places[where] as Place;
  }
}

function compare(wrong: string[], what: string, told: unknown, expected: unknown): void {
  if (JSON.stringify(told) !== JSON.stringify(expected))
    wrong.push(`${what}: ${JSON.stringify(told)} instead of ${JSON.stringify(expected)}`);
}

/** The greatest seq that steps name; many of them are there. */
export const SEQ_NAMED_MAX: Seq = 24;
