// Ada, Bob and Cy on a server that can be killed, for tests of commands as scripts use them.
import { beforeEach, expect } from 'bun:test';
import { type Json, Parley, parse } from './parley.ts';
import type { Scope } from './scope.ts';
import { ServerProcess } from './server-process.ts';
import { openTestStores, type StoresKind } from './test-stores.ts';
import { scopePerTest } from './test-scope.ts';

export class Cast {
  readonly scope: Scope;
  readonly parley: Parley;
  readonly server: ServerProcess;

  constructor(scope: Scope, parley: Parley, server: ServerProcess) {
    this.scope = scope;
    this.parley = parley;
    this.server = server;
  }

  static async open(scope: Scope, stores: StoresKind = 'embedded'): Promise<Cast> {
    const parley = new Parley(scope);
    const server = await ServerProcess.start(parley, await openTestStores(stores, scope));
    for (const name of ['ada', 'bob', 'cy']) await parley.register(name, server.url);
    return new Cast(scope, parley, server);
  }

  /** `parley COMMAND … --profile NAME --json`: its lines. */
  as(name: string, ...args: readonly string[]): Promise<Json[]> {
    return this.parley.json([...args, '--profile', name]);
  }

  /** The error of a command that is refused, with its exit code. */
  async refused(name: string, ...args: readonly string[]): Promise<Json> {
    const { code, stdout, stderr } = await this.parley.run([...args, '--profile', name, '--json']);
    expect(stdout).toBe('');
    return { ...(parse(stderr)['error'] as Json), exit: code };
  }

  /** kill -9, and the server is there again. */
  async crash(): Promise<void> {
    await this.server.kill();
    await this.server.restart();
  }

  /** SIGTERM, and the server is there again. */
  async restart(): Promise<void> {
    await this.server.stop();
    await this.server.restart();
  }

  /** A group that Ada owns. */
  async group(...members: readonly string[]): Promise<string> {
    const named = members.flatMap((name) => ['--member', name]);
    const [view] = await this.as('ada', 'group', 'create', 'Crew', ...named);
    return String(view?.['conversation_id']);
  }

  /** What the user has missed is fetched by one of the user's devices. */
  async receive(name: string): Promise<void> {
    const tail = this.parley.spawn(['tail', '--profile', name, '--json']);
    await tail.line('the end of the queue', (line) => line === '{"queue_empty":true}');
    tail.signal('SIGTERM');
    expect((await tail.exited).code).toBe(0);
  }
}

export function castPerTest(): () => Cast {
  const scope = scopePerTest();
  let cast: Cast | undefined;
  beforeEach(async () => {
    cast = await Cast.open(scope());
  });
  return () => {
    if (cast === undefined) throw new Error('before the first test');
    return cast;
  };
}
