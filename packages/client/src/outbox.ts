// Collects the frames of one tick into one WebSocket message, and starts another where it would grow too large.
import { MESSAGE_FRAMES_MAX_COUNT } from '@parley/protocol/limits';
import type { Up } from '@parley/protocol/up';
import { BATCH_MAX_BYTES } from './client-limits.ts';
import type { EndOfTick } from './end-of-tick.ts';

export class Outbox {
  readonly #endOfTick: EndOfTick;
  readonly #write: (text: string) => void;
  #frames: string[] = [];
  #bytes = 0;
  readonly #flush = (): void => this.flush();

  constructor(options: { endOfTick: EndOfTick; write: (text: string) => void }) {
    this.#endOfTick = options.endOfTick;
    this.#write = options.write;
  }

  push(frame: Up): void {
    const text = JSON.stringify(frame);
    const bytes = byteLength(text) + 1;
    const full = this.#frames.length === MESSAGE_FRAMES_MAX_COUNT || this.#bytes + bytes > BATCH_MAX_BYTES;
    if (full) this.flush();
    this.#frames.push(text);
    this.#bytes += bytes;
    this.#endOfTick.write(this.#flush);
  }

  /** Writes now, without waiting for the end of the tick. */
  flush(): void {
    if (this.#frames.length === 0) return;
    const text = `[${this.#frames.join(',')}]`;
    this.#frames = [];
    this.#bytes = 0;
    this.#write(text);
  }
}

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).byteLength;
}
