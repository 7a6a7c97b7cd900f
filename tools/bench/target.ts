// What is measured: the product's server or the floor, each a process of its own on a folder of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import type { Credential } from './wire-session.ts';

export interface Target extends AsyncDisposable {
  readonly name: 'server' | 'floor';
  readonly url: string;
  readonly pid: number;
  /** Where its data lies while it runs. */
  readonly folder: string;
  /** How the store syncs, and who says so. */
  readonly fsync: string;
  /** Sign-ins of users first … first + count - 1. */
  credentials(first: number, count: number): Promise<Credential[]>;
}

const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 15_000;
const JWT_SECRET = 'only-for-the-bench-on-loopback-0123456789';
const JWT_AUDIENCE = 'parley-bench';
const SERVER_ENVIRONMENT = {
  PARLEY_JWT_SECRET: JWT_SECRET,
  PARLEY_JWT_AUDIENCE: JWT_AUDIENCE,
  PARLEY_LOG_LEVEL: 'warn',
  PARLEY_REGISTRATION: 'closed',
};
const ROOT = join(import.meta.dir, '..', '..');

const running = new Set<() => Promise<void>>();

/** For a bench that is interrupted: ends what was started and removes its data. */
export async function stopTargets(): Promise<void> {
  await Promise.all([...running].map((stop) => stop()));
}

export async function startFloor(parentFolder: string, program = 'floor-server.ts'): Promise<Target> {
  const folder = mkdtempSync(join(parentFolder, 'floor-'));
  const started = await start([join(import.meta.dir, program), folder], folder, {});
  return {
    ...started,
    name: 'floor',
    fsync: `${started.ready.fsync ?? 'unknown'} (read back by the floor)`,
    credentials: (first, count) =>
      Promise.resolve(Array.from({ length: count }, (_, i) => ({ token: `${first + i + 1}` }))),
  };
}

/** The server by a program of the bench that takes the folder and whatever else it is given. */
export async function startCountedServer(
  parentFolder: string,
  program: string,
  more: string[],
): Promise<Target> {
  const folder = mkdtempSync(join(parentFolder, 'server-'));
  return serverOf(await start([join(import.meta.dir, program), folder, ...more], folder, SERVER_ENVIRONMENT));
}

/** `flags` go to the runtime, before the program: --cpu-prof for one. */
export async function startServer(parentFolder: string, flags: string[] = []): Promise<Target> {
  const folder = mkdtempSync(join(parentFolder, 'server-'));
  const args = [
    ...flags,
    join(ROOT, 'apps/cli/src/main.ts'),
    'serve',
    '--port',
    '0',
    '--data',
    folder,
    '--json',
  ];
  return serverOf(await start(args, folder, SERVER_ENVIRONMENT));
}

function serverOf(started: Awaited<ReturnType<typeof start>>): Target {
  return {
    ...started,
    name: 'server',
    fsync: 'journal_mode=WAL synchronous=FULL (the server reads it back and does not start otherwise)',
    credentials: (first, count) =>
      Promise.all(Array.from({ length: count }, (_, i) => jwtCredential(first + i))),
  };
}

async function jwtCredential(user: number): Promise<Credential> {
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(`bench-${user}`)
    .setAudience(JWT_AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(JWT_SECRET));
  return { token, deviceKey: `bench-${user}` };
}

interface Ready {
  url: string;
  pid?: number;
  fsync?: string;
}

/** Starts a program that prints {"ready":true,"url":…} as its first line. */
async function start(
  args: string[],
  folder: string,
  environment: Record<string, string>,
): Promise<{ url: string; pid: number; folder: string; ready: Ready } & AsyncDisposable> {
  const child = Bun.spawn([process.execPath, ...args], {
    env: { ...process.env, ...environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const firstLine = Promise.withResolvers<string>();
  void readLines(child.stdout, firstLine.resolve).then(() =>
    firstLine.reject(new Error(`${args[0]} ended.`)),
  );
  const timer = setTimeout(
    () => firstLine.reject(new Error(`${args[0]} was not ready in time.`)),
    READY_WITHIN_MS,
  );
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await child.exited;
    clearTimeout(kill);
    rmSync(folder, { recursive: true, force: true });
    running.delete(stop);
  };
  running.add(stop);
  try {
    const ready = JSON.parse(await firstLine.promise) as Ready;
    return { url: ready.url, pid: child.pid, folder, ready, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Hands over the first line and reads on, so that a full pipe never holds the program up. */
async function readLines(stream: ReadableStream<Uint8Array>, first: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let text: string | undefined = '';
  for await (const chunk of stream) {
    if (text === undefined) {
      continue;
    }
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf('\n');
    if (end >= 0) {
      first(text.slice(0, end));
      text = undefined;
    }
  }
}
