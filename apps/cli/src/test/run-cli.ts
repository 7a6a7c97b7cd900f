// Runs the command line as a process of its own, for tests: what it printed and how it ended.
import { join } from 'node:path';
import type { Subprocess } from 'bun';

/** A command that hangs is ended, so that its test fails and nothing stays behind. */
const RUN_MAX_MS = 30_000;

const MAIN = join(import.meta.dir, '..', 'main.ts');

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** The folder of the profiles. */
  readonly configDir: string;
  readonly input?: string;
  readonly runMaxMs?: number;
}

export async function runCli(args: readonly string[], options: RunOptions): Promise<Finished> {
  const child = startCli(args, { ...options, runMaxMs: RUN_MAX_MS });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** The same, still running; whoever starts it ends it. */
export function startCli(
  args: readonly string[],
  { configDir, input = '', runMaxMs }: RunOptions,
): Subprocess<Blob, 'pipe', 'pipe'> {
  return Bun.spawn([process.execPath, MAIN, ...args], {
    env: { HOME: configDir, PARLEY_CONFIG_DIR: configDir, PARLEY_LOG_LEVEL: 'silent' },
    stdin: new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
    ...(runMaxMs === undefined ? {} : { timeout: runMaxMs, killSignal: 'SIGKILL' as const }),
  });
}

/** The lines of a stream that ends one day, one after another, as JSON objects. */
export async function* jsonLines(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Record<string, unknown>, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield parseObject(line);
  }
}

export function parseObject(line: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) throw new Error(`not an object: ${line}`);
  return { ...value };
}
