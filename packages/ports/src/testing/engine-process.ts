// A server process of the test's own, on a free loopback port and in a folder of its own: one that it may kill.
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './real-time.ts';

/** The arguments for a port and a data folder. */
export type EngineArguments = (port: number, folder: string) => readonly string[];

export class EngineProcess implements AsyncDisposable {
  readonly port: number;
  readonly #command: readonly string[];
  readonly #folder: string;
  #child: Bun.Subprocess | undefined;

  private constructor(binary: string, port: number, args: EngineArguments) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'parley-engine-'));
    this.#command = [binary, ...args(port, this.#folder)];
  }

  /** On a free port, unless one is given. */
  static async start(binary: string, args: EngineArguments, port?: number): Promise<EngineProcess> {
    const engine = new EngineProcess(binary, port ?? (await freePort()), args);
    try {
      await engine.start();
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it, also again on the same port, and waits until it takes connections. */
  async start(): Promise<void> {
    this.#child = Bun.spawn([...this.#command], { cwd: this.#folder, stdout: 'ignore', stderr: 'ignore' });
    await eventually(() => accepts(this.port));
  }

  /** SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A loopback port that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
