// What the tests of accounts share: cheap password hashes, and a log to look into.
import type { Log } from '@parley/ports/log';
import type { PasswordAlgorithm } from './argon2id.ts';

export class RecordedLog implements Log {
  readonly lines: { readonly level: string; readonly event: unknown; readonly text: string }[] = [];

  debug(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#add('debug', fields, message);
  }

  info(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#add('info', fields, message);
  }

  warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#add('warn', fields, message);
  }

  error(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#add('error', fields, message);
  }

  events(): unknown[] {
    return this.lines.map((line) => line.event);
  }

  /** Everything that was logged, to search for what must not be there. */
  text(): string {
    return this.lines.map((line) => line.text).join('\n');
  }

  #add(level: string, fields: Readonly<Record<string, unknown>>, message: string): void {
    this.lines.push({ level, event: fields['event'], text: JSON.stringify({ ...fields, message }) });
  }
}

/** Hashes without work; with `hold`, each waits until it is let go. */
export class CheapAlgorithm implements PasswordAlgorithm {
  version = 1;
  hashed = 0;
  verified = 0;
  running = 0;
  runningAtMost = 0;
  hold = false;
  readonly #held: (() => void)[] = [];

  async hash(password: string): Promise<string> {
    this.hashed += 1;
    await this.#work();
    return `cheap$${this.version}$${password}`;
  }

  async verify(password: string, hash: string): Promise<boolean> {
    this.verified += 1;
    await this.#work();
    return hash.split('$').slice(2).join('$') === password;
  }

  needsRehash(hash: string): boolean {
    return Number(hash.split('$')[1]) < this.version;
  }

  /** Its password is `decoy`, so that a test can try the very password that would fit. */
  decoy(): string {
    return `cheap$${this.version}$decoy`;
  }

  release(): void {
    this.#held.shift()?.();
  }

  async #work(): Promise<void> {
    this.running += 1;
    this.runningAtMost = Math.max(this.running, this.runningAtMost);
    if (this.hold) await new Promise<void>((resolve) => this.#held.push(resolve));
    this.running -= 1;
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
