// A bare TCP connection, for what no WebSocket library would send.
import type { Socket } from 'bun';
import { until } from './poll.ts';

export const UPGRADE = [
  'GET /v1/socket HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

export function handshake(...more: readonly string[]): string {
  return `${[...UPGRADE, ...more].join('\r\n')}\r\n\r\n`;
}

export const PROTOCOL_HEADER = 'Sec-WebSocket-Protocol: parley.v1';

const CLOSE_FRAME = 0x88;

export class RawSocket {
  readonly #socket: Socket<undefined>;
  #received = '';
  #drained = Promise.withResolvers<void>();
  closed = false;

  private constructor(socket: Socket<undefined>) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<RawSocket> {
    let raw: RawSocket | undefined;
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_, bytes) => raw?.heard(bytes),
        drain: () => raw?.drained(),
        close: () => raw?.ended(),
        error: () => raw?.ended(),
      },
    });
    return (raw = new RawSocket(socket));
  }

  /** Opens, shakes hands and waits for the server's agreement. */
  static async upgraded(port: number): Promise<RawSocket> {
    const raw = await RawSocket.open(port);
    await raw.write(handshake(PROTOCOL_HEADER));
    await until('the handshake is answered', () => raw.received.includes('\r\n\r\n') || raw.closed);
    if (!raw.received.startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${raw.received}`);
    return raw;
  }

  /** Everything that came, a character a byte. */
  get received(): string {
    return this.#received;
  }

  /** Resolves when all was handed to the kernel, or the connection is closed. */
  async write(data: string | Uint8Array): Promise<void> {
    let bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    while (bytes.length > 0 && !this.closed) {
      this.#drained = Promise.withResolvers();
      const written = this.#socket.write(bytes);
      if (written < 0) return;
      bytes = bytes.subarray(written);
      if (bytes.length > 0) await this.#drained.promise;
    }
    this.#socket.flush();
  }

  closes(withinMs?: number): Promise<true> {
    return until('the server closes the connection', () => this.closed, withinMs) as Promise<true>;
  }

  /** The code of the close frame that came, if one came. */
  get closeCode(): number | undefined {
    const bytes = Buffer.from(this.#received, 'latin1');
    const start = bytes.indexOf(CLOSE_FRAME, bytes.indexOf('\r\n\r\n'));
    return start === -1 || start + 4 > bytes.length ? undefined : bytes.readUInt16BE(start + 2);
  }

  end(): void {
    this.#socket.terminate();
  }

  heard(bytes: Uint8Array): void {
    this.#received += Buffer.from(bytes).toString('latin1');
  }

  drained(): void {
    this.#drained.resolve();
  }

  ended(): void {
    this.closed = true;
    this.#drained.resolve();
  }
}

export interface FrameParts {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Uint8Array;
}

/** A masked WebSocket frame as a client sends it (the mask is zero). */
export function clientFrame({ opcode, fin, payload }: FrameParts): Uint8Array {
  const first = (fin ? 0x80 : 0) | opcode;
  const { length } = payload;
  const head = length < 126 ? [first, 0x80 | length] : [first, 0x80 | 126, length >> 8, length & 255];
  if (length > 65_535) throw new Error('longer frames are not needed here');
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}
