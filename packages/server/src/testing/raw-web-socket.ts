// A WebSocket client at the level of bytes, for tests of what a well-behaved client never does.
import { connect, type Socket } from 'node:net';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9 } as const;

/** One masked frame of a client. */
export function clientFrame(opcode: number, payload: Uint8Array, fin = true): Uint8Array {
  const head = [(fin ? 0x80 : 0) | opcode];
  const { length } = payload;
  if (length < 126) head.push(0x80 | length);
  else if (length < 65_536) head.push(0x80 | 126, length >> 8, length & 0xff);
  else
    head.push(
      0x80 | 127,
      0,
      0,
      0,
      0,
      length >>> 24,
      (length >> 16) & 0xff,
      (length >> 8) & 0xff,
      length & 0xff,
    );
  // A mask of zeros is a mask, and leaves the payload as it is.
  return Uint8Array.from([...head, 0, 0, 0, 0, ...payload]);
}

export class RawWebSocket {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  closed = false;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname);
    this.#socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, Buffer.from(data)]);
    });
    this.#socket.on('close', () => {
      this.closed = true;
    });
    // A reset by the server is what some tests wait for; `close` follows.
    this.#socket.on('error', () => undefined);
  }

  /** The bytes that came, one character each. */
  get text(): string {
    return this.#received.toString('latin1');
  }

  get status(): number | undefined {
    const found = /^HTTP\/1\.1 (\d{3})/.exec(this.text);
    return found === null ? undefined : Number(found[1]);
  }

  /** The code of the close frame that came last, as the server's last frame. */
  get closeCode(): number | undefined {
    const at = this.#received.lastIndexOf(0x88);
    return at < 0 || this.#received.length < at + 4 ? undefined : this.#received.readUInt16BE(at + 2);
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  upgrade(headers: Readonly<Record<string, string>> = {}): void {
    const all = {
      Host: 'localhost',
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Protocol': 'parley.v1',
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    this.write(`GET /v1/socket HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  }

  send(text: string): void {
    this.write(clientFrame(OPCODE.text, Buffer.from(text)));
  }

  end(): void {
    this.#socket.destroy();
  }
}
