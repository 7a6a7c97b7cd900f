// For the tests of this package: folders that live as long as a test, stores on them, and the child process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@parley/ports/log';
import { openSqlite, type SqliteStores } from './open-sqlite.ts';
import { REAL_TIMERS } from '@parley/ports/testing/real-time';

export const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** For an audit where nothing is on its way. */
export const NO_PAUSE = { pause: () => Promise.resolve() };

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'parley-sqlite-'));
}

export class TestFolder implements Disposable {
  readonly directory = temporaryFolder();

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function openStores(directory: string): Promise<SqliteStores> {
  let ticks = 0;
  const clock = { now: () => 1_700_000_000_000, monotonic: () => (ticks += 1) };
  return openSqlite({ directory, clock, log: QUIET, timers: REAL_TIMERS });
}

/** What a child printed, line by line. */
export interface ChildLine {
  readonly ready?: boolean;
  readonly closed?: boolean;
  readonly failed?: string;
  readonly conversation?: string;
  readonly outcome?: string;
  readonly head?: number;
}

export interface ChildOptions {
  readonly directory: string;
  readonly conversations?: number;
  readonly rounds?: number;
  /** A program and its arguments that runs the child. */
  readonly under?: readonly string[];
}

export function startChild({ directory, conversations = 4, rounds = Infinity, under = [] }: ChildOptions) {
  const script = join(import.meta.dir, 'append-child.ts');
  const command = [...under, process.execPath, script, directory, String(conversations), String(rounds)];
  return Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe', stdin: 'ignore' });
}

/** Complete lines only: the last one may have been cut off by a kill. */
export function linesOf(output: string): ChildLine[] {
  return output
    .slice(0, output.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ChildLine);
}
