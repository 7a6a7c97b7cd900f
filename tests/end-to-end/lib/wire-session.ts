// A socket that speaks the protocol frame by frame and follows no rule of its own, to send what a client never would.
import { passwordOf, type Json } from './parley.ts';
import { until } from './poll.ts';

export interface Account {
  readonly user_id: string;
  readonly name: string;
  readonly device_id: string;
  readonly token: string;
}

export async function registerAccount(url: string, name: string): Promise<Account> {
  const response = await post(url, 'register', { body: { name, password: passwordOf(name) } });
  if (response.status !== 201)
    throw new Error(`register ${name}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Account;
}

export function post(url: string, path: string, options: { body?: Json; token?: string }): Promise<Response> {
  const { body, token } = options;
  return fetch(`${url}/v1/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

export class WireSession {
  readonly #socket: WebSocket;
  readonly #alive: ReturnType<typeof setInterval>;
  /** All frames that came, in order. */
  readonly frames: Json[] = [];
  /** The close code, once closed. */
  closed: number | undefined;
  #ref = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) =>
      this.frames.push(...(JSON.parse(String(data)) as Json[])),
    );
    socket.addEventListener('close', ({ code }) => (this.closed = code));
    this.#alive = setInterval(() => this.send({ type: 'heartbeat' }), 4_000);
    socket.addEventListener('close', () => clearInterval(this.#alive));
  }

  /** Opens the socket and sends nothing. */
  static async open(url: string): Promise<WireSession> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/socket`, ['parley.v1']);
    const session = new WireSession(socket);
    await until('the socket opens', () => socket.readyState === WebSocket.OPEN);
    clearInterval(session.#alive);
    return session;
  }

  /** Opens the socket, says hello and waits for the welcome; sends heartbeats from then on. */
  static async welcomed(url: string, token: string): Promise<WireSession> {
    const session = new WireSession(new WebSocket(`${url.replace(/^http/, 'ws')}/v1/socket`, ['parley.v1']));
    await until('the socket opens', () => session.#socket.readyState === WebSocket.OPEN);
    session.send({ type: 'hello', version: 1, token });
    await session.frame('welcome');
    return session;
  }

  send(...frames: Json[]): void {
    this.raw(JSON.stringify(frames));
  }

  /** Sends text, or bytes as a binary message, as it is. */
  raw(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  /** Sends a request under a new ref; resolves with its answer. */
  async request(frame: Json): Promise<Json> {
    const ref = this.begin(frame);
    return until(`an answer to ${JSON.stringify(frame).slice(0, 200)}`, () => {
      const answer = this.frames.find((down) => down['ref'] === ref);
      if (answer === undefined && this.closed !== undefined) throw new Error(`closed with ${this.closed}`);
      return answer;
    });
  }

  /** Sends a request and does not wait; returns its ref. */
  begin(frame: Json): number {
    const ref = ++this.#ref;
    this.send({ ...frame, ref });
    return ref;
  }

  text(conversation_id: string, client_msg_id: string, text: string): Promise<Json> {
    return this.request(textFrame(conversation_id, client_msg_id, text));
  }

  /** The first frame of this type that has come or will come. */
  frame(type: string): Promise<Json> {
    return until(`a ${type} frame, among ${JSON.stringify(this.frames).slice(0, 500)}`, () =>
      this.frames.find((frame) => frame['type'] === type),
    );
  }

  /** All entries that were pushed for a conversation. */
  pushed(conversation_id: string): Json[] {
    return this.frames
      .filter((frame) => frame['type'] === 'entries' && frame['conversation_id'] === conversation_id)
      .flatMap((frame) => frame['entries'] as Json[]);
  }

  closes(withinMs?: number): Promise<number> {
    return until('the socket is closed', () => this.closed, withinMs);
  }

  close(): void {
    clearInterval(this.#alive);
    this.#socket.close();
  }
}

export function textFrame(conversation_id: string, client_msg_id: string, text: string): Json {
  return { type: 'send', conversation_id, messages: [{ client_msg_id, content: { kind: 'text', text } }] };
}
