// A program in a terminal of its own, as a person would use it.
import { until } from './poll.ts';
import type { Scope } from './scope.ts';

export class TerminalProgram {
  /** Everything that was written to the screen, with its control sequences. */
  screen = '';
  readonly #terminal: Bun.Terminal;
  readonly exited: Promise<number>;

  constructor(scope: Scope, command: readonly string[], env: Readonly<Record<string, string>>) {
    const decoder = new TextDecoder();
    this.#terminal = new Bun.Terminal({
      cols: 80,
      rows: 24,
      data: (_, bytes) => void (this.screen += decoder.decode(bytes, { stream: true })),
    });
    const child = Bun.spawn([...command], { env: { ...env, TERM: 'xterm' }, terminal: this.#terminal });
    this.exited = child.exited;
    scope.atEnd(async () => {
      child.kill('SIGKILL');
      await child.exited;
      this.#terminal.close();
    });
  }

  type(keys: string): void {
    this.#terminal.write(keys);
  }

  async shows(text: string): Promise<void> {
    await until(
      `${JSON.stringify(text)} on the screen, among ${JSON.stringify(this.screen.slice(-600))}`,
      () => this.screen.includes(text),
    );
  }
}
