// A bare client for tests: sends frames, keeps what came, follows no rule of its own.
import { decodeDown } from '@parley/protocol/codec';
import type { ConversationView } from '@parley/protocol/conversation';
import type { Down } from '@parley/protocol/down';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { SendResult } from '@parley/protocol/send';
import type { Up } from '@parley/protocol/up';
import type { Gateway } from '../gateway/gateway.ts';
import type { Session } from '../gateway/session.ts';
import { FakeSocket } from './fake-socket.ts';

export type OfType<Type extends Down['type']> = Extract<Down, { type: Type }>;
type ChangeType = Extract<Up, { client_msg_id: ClientMsgId; conversation_id: ConversationId }>['type'];
type WithoutRef<Frame> = Frame extends { ref: number } ? Omit<Frame, 'ref'> : never;

export class TestClient {
  readonly socket = new FakeSocket();
  readonly session: Session;
  readonly #gateway: Gateway;
  readonly #settle: () => Promise<void>;
  #ref = 0;
  #userId: UserId | undefined;

  constructor(gateway: Gateway, settle: () => Promise<void>) {
    this.#gateway = gateway;
    this.#settle = settle;
    this.session = gateway.opened(this.socket);
  }

  /** Known since the welcome, also when the socket is closed. */
  get userId(): UserId {
    if (this.#userId === undefined) throw new Error('There was no welcome yet.');
    return this.#userId;
  }

  /** Everything that came, in order. */
  get frames(): Down[] {
    return this.socket.messages.flatMap((message) =>
      decodeDown(message).map((decoded) => {
        if (decoded.kind === 'fault') throw new Error(`The server sent what no client can read: ${message}`);
        return decoded.frame;
      }),
    );
  }

  all<Type extends Down['type']>(type: Type): OfType<Type>[] {
    return this.frames.filter((frame): frame is OfType<Type> => frame.type === type);
  }

  last<Type extends Down['type']>(type: Type): OfType<Type> {
    const frame = this.all(type).at(-1);
    if (frame === undefined) throw new Error(`No ${type} came; ${JSON.stringify(this.frames)}`);
    return frame;
  }

  /** Forgets what came so far. */
  clear(): void {
    this.socket.messages.length = 0;
  }

  /** Writes text as it is. */
  async raw(text: string): Promise<void> {
    this.#gateway.message(this.session, text);
    await this.#settle();
  }

  async send(...frames: Up[]): Promise<void> {
    await this.raw(JSON.stringify(frames));
  }

  async hello(token: string): Promise<void> {
    await this.send({ type: 'hello', version: 1, token });
    if (this.session.state.kind === 'connected') this.#userId = this.session.user;
  }

  /** Sends a request and returns its answer. */
  async request(frame: WithoutRef<Up>): Promise<Down> {
    const ref = this.start(frame);
    await this.#settle();
    const answer = this.answer(ref);
    if (answer === undefined) throw new Error(`No answer to ${JSON.stringify(frame)}`);
    return answer;
  }

  /** Sends a request and does not wait. */
  start(frame: WithoutRef<Up>): number {
    this.#ref += 1;
    this.#gateway.message(this.session, JSON.stringify([{ ...frame, ref: this.#ref }]));
    return this.#ref;
  }

  /** The answer to a request, if it came. */
  answer(ref: number): Down | undefined {
    return this.frames.findLast((down) => 'ref' in down && down.ref === ref);
  }

  /** All answers so far, by ref. */
  answers(): ReadonlyMap<number, Down> {
    return new Map(
      this.frames.flatMap((down) => ('ref' in down && down.ref !== undefined ? [[down.ref, down]] : [])),
    );
  }

  /** Codes of the errors that came, in order. */
  get faults(): string[] {
    return this.all('error').map((frame) => frame.code);
  }

  async text(conversation_id: ConversationId, text: string, id = idOf(text)): Promise<SendResult> {
    const [result] = await this.texts(conversation_id, [{ id, text }]);
    if (result === undefined) throw new Error('no result');
    return result;
  }

  /** Several messages in one frame. */
  async texts(
    conversation_id: ConversationId,
    texts: readonly { id: string; text: string }[],
  ): Promise<SendResult[]> {
    const answer = await this.request(sendOf(conversation_id, texts));
    if (answer.type !== 'sent') throw new Error(JSON.stringify(answer));
    return answer.results;
  }

  /** Does a change of a group or of a message; the id may be any text. */
  async change(
    type: ChangeType,
    conversation_id: ConversationId,
    id: string,
    fields: object = {},
  ): Promise<Down> {
    return this.request({ type, conversation_id, client_msg_id: id, ...fields } as WithoutRef<Up>);
  }

  /** Sends one message with whatever fields. */
  async post(conversation_id: ConversationId, id: string, fields: object): Promise<SendResult> {
    const messages = [{ client_msg_id: id, ...fields }];
    const answer = await this.request({ type: 'send', conversation_id, messages } as WithoutRef<Up>);
    if (answer.type !== 'sent') throw new Error(JSON.stringify(answer));
    return answer.results[0] as SendResult;
  }

  async mark(conversation_id: ConversationId, seq: number): Promise<void> {
    await this.send({ type: 'received', marks: [{ conversation_id, seq }] });
  }

  /** The slow reader catches up. */
  async drain(): Promise<void> {
    this.socket.readAll();
    this.#gateway.drained(this.session);
    await this.#settle();
  }

  async direct(user_id: UserId): Promise<ConversationId> {
    return this.#opened(await this.request({ type: 'open_direct', user_id })).conversation_id;
  }

  async group(title: string, member_ids: UserId[], history?: 'all' | 'joined'): Promise<ConversationId> {
    const client_msg_id = `group-${title}` as ClientMsgId;
    const more = history === undefined ? {} : { history };
    return this.#opened(
      await this.request({ type: 'create_group', client_msg_id, title, member_ids, ...more }),
    ).conversation_id;
  }

  /** Texts of all messages that were pushed, in order of arrival. */
  pushedTexts(): string[] {
    return this.all('entries').flatMap(({ entries }) => entries.flatMap((entry) => textOf(entry) ?? []));
  }

  async pull(conversation_id: ConversationId, after?: number, limit?: number): Promise<OfType<'pulled'>> {
    const range = { ...(after === undefined ? {} : { after }), ...(limit === undefined ? {} : { limit }) };
    const answer = await this.request({ type: 'pull', conversation_id, ...range });
    if (answer.type !== 'pulled') throw new Error(JSON.stringify(answer));
    return answer;
  }

  /** The other end goes away without a word. */
  cut(): void {
    this.session.gone();
  }

  #opened(answer: Down): ConversationView {
    if (answer.type !== 'conversation') throw new Error(JSON.stringify(answer));
    return answer.conversation;
  }
}

export function sendOf(conversation_id: ConversationId, texts: readonly { id: string; text: string }[]) {
  const messages = texts.map(({ id, text }) => {
    return { client_msg_id: id as ClientMsgId, content: { kind: 'text' as const, text } };
  });
  return { type: 'send' as const, conversation_id, messages };
}

function idOf(text: string): string {
  return `m-${text.slice(0, 60).replaceAll(/[^A-Za-z0-9]/g, '-')}`;
}

export function textOf(entry: OfType<'entries'>['entries'][number]): string | undefined {
  return 'content' in entry ? (entry.content as { text?: string }).text : undefined;
}
