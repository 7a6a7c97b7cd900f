// Standard output and standard error. A line counts as written when the operating system has taken all of it, so
// that what was confirmed to the server after that is never lost, and a slow reader never stops the heartbeats.
import { write } from 'node:fs';
import { CliError } from './cli-error.ts';

const FULL_PIPE_WAIT_MS = 5;
const CHUNK_MAX_CHARS = 262_144;

interface Waiting {
  readonly text: string;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/** The reader of standard output has gone, as with `parley tail | head`: a quiet end, no failure. */
export class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError';
}

/** An ordered writer over a file descriptor. What is written meanwhile goes out in one system call. */
export class Output {
  readonly #descriptor: number;
  #queue: Waiting[] = [];
  #writing = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Resolves when the operating system has all of it; rejects with OutputClosedError when nobody reads. */
  write(text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ text, done: resolve, failed: reject });
    if (!this.#writing) void this.#drain(); // #drain hands every failure to the waiting writers
    return promise;
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  json(value: object): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`);
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch();
      try {
        await writeAll(this.#descriptor, Buffer.from(batch.map(({ text }) => text).join('')));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(asOutputError(error));
      }
    }
    this.#writing = false;
  }

  #takeBatch(): Waiting[] {
    let chars = 0;
    let count = 0;
    for (const { text } of this.#queue) {
      if (count > 0 && chars + text.length > CHUNK_MAX_CHARS) break;
      chars += text.length;
      count++;
    }
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }
}

async function writeAll(descriptor: number, bytes: Buffer): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const outcome = await writeSome(descriptor, bytes, offset);
    if (typeof outcome === 'number') offset += outcome;
    else if (outcome.code === 'EAGAIN')
      await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_WAIT_MS));
    else throw outcome;
  }
}

/** In the thread pool: a full pipe holds up nothing but this write. */
function writeSome(
  descriptor: number,
  bytes: Buffer,
  offset: number,
): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    write(descriptor, bytes, offset, bytes.length - offset, null, (error, count) => resolve(error ?? count));
  });
}

function asOutputError(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EPIPE' || code === 'EIO') return new OutputClosedError('nobody reads the output any more');
  const reason = error instanceof Error ? error.message : String(error);
  return new CliError({ code: 'io', message: `The output could not be written: ${reason}` });
}
