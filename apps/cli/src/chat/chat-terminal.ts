// The terminal itself: raw mode and bracketed paste while the chat runs, and everything as it was afterwards.
import { PASTE_MODE } from './key-stream.ts';
import type { ScreenSize } from './screen.ts';

/** Where a terminal does not say how large it is. */
const FALLBACK: ScreenSize = { columns: 80, rows: 24 };

export interface ChatTerminalEvents {
  readonly input: (chunk: Uint8Array) => void;
  /** The terminal was closed. */
  readonly ended: () => void;
  readonly resized: () => void;
}

export class ChatTerminal implements Disposable {
  readonly #events: ChatTerminalEvents;

  constructor(events: ChatTerminalEvents) {
    this.#events = events;
    const { stdin, stdout } = process;
    stdin.setRawMode(true);
    stdin.on('data', events.input);
    stdin.on('end', events.ended);
    stdin.on('error', events.ended);
    stdin.resume();
    stdout.on('resize', events.resized);
    stdout.write(PASTE_MODE.on);
  }

  static get isUsable(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY;
  }

  static size(): ScreenSize {
    const { columns, rows } = process.stdout;
    return { columns: columns > 0 ? columns : FALLBACK.columns, rows: rows > 0 ? rows : FALLBACK.rows };
  }

  [Symbol.dispose](): void {
    const { stdin, stdout } = process;
    stdin.off('data', this.#events.input);
    stdin.off('end', this.#events.ended);
    stdin.off('error', this.#events.ended);
    stdout.off('resize', this.#events.resized);
    stdin.setRawMode(false);
    stdin.pause();
    stdout.write(PASTE_MODE.off);
  }
}
