// One signed-in socket of the bench: frames as they are, without the SDK, so that the client costs little.
import type { Down } from '@parley/protocol/down';
import type { Up } from '@parley/protocol/up';

export interface Credential {
  token: string;
  /** Names the device; absent where the token already does. */
  deviceKey?: string;
}

export interface WireHandlers {
  /** Every frame that does not answer a request(); `at` is performance.now() when its message came. */
  frame(frame: Down, at: number): void;
  closed(code: number): void;
}

const OPEN_WITHIN_MS = 20_000;

type Pending = (frame: Down) => void;

/** A socket after its welcome. Text that is sent goes out as it is: a JSON array of frames. */
export class WireSession {
  readonly userId: string;
  readonly #socket: WebSocket;
  readonly #pending: Map<number, Pending>;
  #lastRef = 2 ** 30;
  /** performance.now() of the last thing sent, for the heartbeat. */
  lastSentAt = performance.now();

  constructor(socket: WebSocket, userId: string, pending: Map<number, Pending>) {
    this.#socket = socket;
    this.userId = userId;
    this.#pending = pending;
  }

  send(text: string): void {
    this.lastSentAt = performance.now();
    this.#socket.send(text);
  }

  /** Asks and waits for the answer, an error frame included. `ref` is chosen here. */
  request(frame: Up & { ref: number }): Promise<Down> {
    this.#lastRef += 1;
    const ref = this.#lastRef;
    return new Promise((resolve) => {
      this.#pending.set(ref, resolve);
      this.send(JSON.stringify([{ ...frame, ref }]));
    });
  }

  close(): void {
    this.#socket.close(1000);
  }
}

/** Opens a socket and says hello. Rejects with the server's error, or when no welcome comes in time. */
export function openWireSession(
  url: string,
  credential: Credential,
  handlers: WireHandlers,
): Promise<WireSession> {
  const { promise, resolve, reject } = Promise.withResolvers<WireSession>();
  const pending = new Map<number, Pending>();
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, 'parley.v1');
  const timer = setTimeout(() => reject(new Error('No welcome came.')), OPEN_WITHIN_MS);
  let isWelcome = false;
  socket.addEventListener('open', () => {
    const device = credential.deviceKey === undefined ? {} : { device_key: credential.deviceKey };
    socket.send(JSON.stringify([{ type: 'hello', version: 1, token: credential.token, ...device }]));
  });
  socket.addEventListener('error', () => reject(new Error('The socket failed.')));
  socket.addEventListener('close', (event) => {
    clearTimeout(timer);
    reject(new Error(`The server closed with ${event.code}.`));
    handlers.closed(event.code);
  });
  socket.addEventListener('message', (event) => {
    const at = performance.now();
    for (const frame of JSON.parse(event.data as string) as Down[]) {
      const answered = 'ref' in frame && frame.ref !== undefined ? pending.get(frame.ref) : undefined;
      if (answered !== undefined && 'ref' in frame) {
        pending.delete(frame.ref as number);
        answered(frame);
      } else if (isWelcome) {
        handlers.frame(frame, at);
      } else if (frame.type === 'welcome') {
        isWelcome = true;
        clearTimeout(timer);
        resolve(new WireSession(socket, frame.user_id, pending));
      } else {
        reject(new Error(`Instead of a welcome came ${JSON.stringify(frame)}.`));
      }
    }
  });
  return promise;
}
