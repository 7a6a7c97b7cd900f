// A child process whose output is read line by line as it comes.
import type { Subprocess } from 'bun';
import { until } from './poll.ts';

export interface ChildOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly onLine?: (line: string) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export class Child {
  /** Complete lines of standard output; what came after the last line end is not among them. */
  readonly lines: string[] = [];
  readonly #process: Subprocess<'pipe', 'pipe', 'pipe'>;
  readonly #onLine: ((line: string) => void) | undefined;
  #stderr = '';
  #rest = '';
  /** Resolves once the process is gone and all of its output was read. */
  readonly exited: Promise<Exit>;

  constructor({ command, env, cwd, onLine }: ChildOptions) {
    this.#onLine = onLine;
    this.#process = Bun.spawn([...command], {
      env: { ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    this.exited = this.#ended();
  }

  get pid(): number {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Standard output as it came, with what may stand after the last line end. */
  get stdout(): string {
    return this.lines.map((line) => `${line}\n`).join('') + this.#rest;
  }

  async write(text: string): Promise<void> {
    await this.#process.stdin.write(text);
    await this.#process.stdin.flush();
  }

  async endInput(): Promise<void> {
    await this.#process.stdin.end();
  }

  /** Sends a signal; nothing happens to a process that is gone. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** The first line, of those that have come or will come, for which `look` finds something. */
  async line<T>(what: string, look: (line: string) => T | undefined | false, withinMs?: number): Promise<T> {
    let next = 0;
    const search = (): T | undefined | false => {
      while (next < this.lines.length) {
        const found = look(this.lines[next++] ?? '');
        if (found !== undefined && found !== false) return found;
      }
      if (!this.running) throw new Error(`ended before: ${what}\n${this.#stderr}`);
      return undefined;
    };
    return until(`${what} (stderr: ${this.#stderr})`, search, withinMs);
  }

  async #ended(): Promise<Exit> {
    await Promise.all([this.#readOut(), this.#readErr(), this.#process.exited]);
    const { exitCode, signalCode } = this.#process;
    return { code: exitCode, signal: signalCode === null ? null : String(signalCode) };
  }

  async #readOut(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#process.stdout) {
      const parts = (this.#rest + decoder.decode(chunk, { stream: true })).split('\n');
      this.#rest = parts.pop() ?? '';
      for (const line of parts) {
        this.lines.push(line);
        this.#onLine?.(line);
      }
    }
  }

  async #readErr(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#process.stderr) this.#stderr += decoder.decode(chunk, { stream: true });
  }
}
