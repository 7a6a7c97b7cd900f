// What a test starts and makes. However it ends, its child processes are killed and its folders removed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, type ChildOptions } from './child.ts';

export class Scope implements AsyncDisposable {
  readonly #children = new Set<Child>();
  readonly #folders: string[] = [];
  readonly #endings: (() => unknown)[] = [];
  /** Also when the test runner itself is ended. */
  readonly #onExit = (): void => {
    for (const child of this.#children) if (child.running) child.signal('SIGKILL');
    this.#removeFolders();
  };

  constructor() {
    process.on('exit', this.#onExit);
  }

  /** A new, empty folder. */
  folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'parley-e2e-'));
    this.#folders.push(path);
    return path;
  }

  spawn(options: ChildOptions): Child {
    const child = new Child(options);
    this.#children.add(child);
    void child.exited.finally(() => this.#children.delete(child)).catch(() => {}); // awaited by whoever waits for it
    return child;
  }

  /** Runs `end` at the end, last come first served, after the children are gone. */
  atEnd(end: () => unknown): void {
    this.#endings.unshift(end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.kill()));
    for (const end of this.#endings.splice(0)) await end();
    this.#removeFolders();
    process.off('exit', this.#onExit);
  }

  #removeFolders(): void {
    for (const path of this.#folders.splice(0)) rmSync(path, { recursive: true, force: true });
  }
}
