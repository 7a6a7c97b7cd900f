// Many sockets of one process that wait for the same message: the same code for the product and for the floor.
import type { Credential } from './wire-session.ts';

const OPEN_AT_ONCE_COUNT = 64;
const SWEEP_MS = 50;
const SIGN_OF_LIFE_MS = 1_000;
const WELCOME_WITHIN_MS = 20_000;

export class Viewers {
  readonly #sockets: WebSocket[] = [];
  #nextToSpeak = 0;
  #sign = '[{"type":"heartbeat"}]';
  #marker = '\u0000';
  #left = 0;
  #arrived: ((at: number) => void) | undefined;
  readonly #timer = setInterval(() => this.#speak(), SWEEP_MS);
  /** What the last viewer got last, as it came. */
  lastText = '';
  readonly faults: string[] = [];

  get count(): number {
    return this.#sockets.length;
  }

  /** `first` is said once the welcome came. */
  async open(url: string, credentials: readonly Credential[], first: string): Promise<void> {
    for (let from = 0; from < credentials.length; from += OPEN_AT_ONCE_COUNT) {
      const slice = credentials.slice(from, from + OPEN_AT_ONCE_COUNT);
      this.#sockets.push(
        ...(await Promise.all(slice.map((credential) => this.#open(url, credential, first)))),
      );
    }
  }

  /** What each viewer says once a second from now on. */
  say(text: string): void {
    this.#sign = text;
  }

  /** Resolves with the time at which the last viewer had a message that contains the marker. */
  expect(marker: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#marker = marker;
    this.#left = this.#sockets.length;
    this.#arrived = resolve;
    return promise;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.close(1000);
  }

  #speak(): void {
    const count = Math.ceil((this.#sockets.length * SWEEP_MS) / SIGN_OF_LIFE_MS);
    for (let i = 0; i < count; i += 1) {
      this.#sockets[this.#nextToSpeak]?.send(this.#sign);
      this.#nextToSpeak = (this.#nextToSpeak + 1) % Math.max(1, this.#sockets.length);
    }
  }

  #open(url: string, { token, deviceKey }: Credential, first: string): Promise<WebSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, 'parley.v1');
    const timer = setTimeout(() => reject(new Error('A viewer got no welcome.')), WELCOME_WITHIN_MS);
    const device = deviceKey === undefined ? {} : { device_key: deviceKey };
    socket.addEventListener('open', () =>
      socket.send(JSON.stringify([{ type: 'hello', version: 1, token, ...device }])),
    );
    let isWelcome = false;
    socket.addEventListener('message', (event) => {
      const text = event.data as string;
      if (isWelcome) return this.#take(text);
      if (!text.includes('"type":"welcome"')) return reject(new Error(`Instead of a welcome came ${text}`));
      isWelcome = true;
      clearTimeout(timer);
      socket.send(first);
      resolve(socket);
    });
    socket.addEventListener('close', (event) => {
      clearTimeout(timer);
      reject(new Error(`A viewer was closed with ${event.code}.`));
      if (event.code !== 1000) this.faults.push(`a viewer was closed with ${event.code}`);
    });
    return promise;
  }

  #take(text: string): void {
    if (!text.includes(this.#marker)) return;
    this.#left -= 1;
    if (this.#left > 0) return;
    this.lastText = text;
    this.#marker = '\u0000';
    this.#arrived?.(performance.now());
  }
}
