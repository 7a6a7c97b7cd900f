// Someone who follows with `parley tail --json` and writes down what it prints; may be killed and started again.
import type { Child } from './child.ts';
import { type Parley, parse } from './parley.ts';
import { until, within } from './poll.ts';

export class TailReader {
  readonly profile: string;
  readonly #parley: Parley;
  /** One for each time it was started. */
  readonly #runs: Child[] = [];

  constructor(parley: Parley, profile: string) {
    this.#parley = parley;
    this.profile = profile;
  }

  get starts(): number {
    return this.#runs.length;
  }

  start(): void {
    this.#runs.push(this.#parley.spawn(['tail', '--profile', this.profile, '--json']));
  }

  async killAndStart(): Promise<void> {
    await this.#last.kill();
    this.start();
  }

  /** The lines of entries, those of each start apart. What stands before a kill without a line end is dropped. */
  views(): string[][] {
    return this.#runs.map((run) => run.lines.filter((line) => 'seq' in parse(line)));
  }

  /** What it was told besides entries, without the end of the queue. */
  notices(): string[] {
    return this.#runs.flatMap((run) =>
      run.lines.filter((line) => !/^\{"(conversation_id|queue_empty)":/.test(line)),
    );
  }

  async reaches(seq: number, withinMs: number): Promise<void> {
    const at = (): boolean => this.#last.lines.some((line) => parse(line)['seq'] === seq);
    await until(`${this.profile} reads up to ${seq} (stderr: ${this.#last.stderr})`, at, withinMs);
  }

  /** Ends by SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.#last.signal('SIGTERM');
    return (await within(`${this.profile} stops`, this.#last.exited)).code;
  }

  get #last(): Child {
    const last = this.#runs.at(-1);
    if (last === undefined) throw new Error(`${this.profile} was never started`);
    return last;
  }
}
