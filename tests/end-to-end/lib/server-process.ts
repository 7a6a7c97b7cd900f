// `parley serve` as a process of its own, that can be killed and started again on the same folder and port.
import type { Child, Exit } from './child.ts';
import { type Parley, parse } from './parley.ts';
import { within } from './poll.ts';
import { STRACE } from './strace.ts';

/** On engines, a server whose predecessor was killed waits for the end of that one's lease. */
const READY_WITHIN_MS = 30_000;
const END_WITHIN_MS = 30_000;

export interface ServerOptions {
  /** Absent where `env` names engines. */
  readonly directory?: string;
  readonly env?: Record<string, string>;
  /** Runs it under strace, which writes there. */
  readonly tracePath?: string;
}

export class ServerProcess {
  readonly #parley: Parley;
  readonly #options: ServerOptions;
  #child: Child;
  readonly url: string;

  private constructor(parley: Parley, options: ServerOptions, child: Child, url: string) {
    this.#parley = parley;
    this.#options = options;
    this.#child = child;
    this.url = url;
  }

  /** On a free port, which it keeps when it is started again. */
  static async start(parley: Parley, options: ServerOptions): Promise<ServerProcess> {
    const child = spawnServer(parley, options, 0);
    return new ServerProcess(parley, options, child, await ready(child));
  }

  get pid(): number {
    return this.#child.pid;
  }

  get directory(): string {
    const { directory } = this.#options;
    if (directory === undefined) throw new Error('these stores are in no folder');
    return directory;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get running(): boolean {
    return this.#child.running;
  }

  get log(): string {
    return this.#child.stderr;
  }

  get exited(): Promise<Exit> {
    return this.#child.exited;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.signal(signal);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  async restart(): Promise<void> {
    this.#child = spawnServer(this.#parley, this.#options, this.port);
    await ready(this.#child);
  }

  /** SIGTERM; resolves when the process has ended by itself. */
  async stop(): Promise<Exit> {
    this.#child.signal('SIGTERM');
    return within('the server ends after SIGTERM', this.#child.exited, END_WITHIN_MS);
  }
}

function spawnServer(parley: Parley, { directory, env, tracePath }: ServerOptions, port: number): Child {
  const data = directory === undefined ? [] : ['--data', directory];
  const args = ['serve', '--port', String(port), ...data, '--json'];
  const before = tracePath === undefined ? [] : [...STRACE, tracePath];
  return parley.spawn(args, { env: { PARLEY_LOG_LEVEL: 'warn', ...env }, before });
}

async function ready(child: Child): Promise<string> {
  const first = await child.line('the server is ready', (line) => line, READY_WITHIN_MS);
  const { ready: isReady, url } = parse(first);
  if (isReady !== true || typeof url !== 'string') throw new Error(`not a ready line: ${first}`);
  return url;
}
