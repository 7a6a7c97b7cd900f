// A data folder on a small file system of its own that runs full: nothing is acknowledged that is not stored.
import { expect, test } from 'bun:test';
import { closeSync, mkdirSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { acksIn, logOf, wrongIn } from './lib/log-of.ts';
import { present } from './lib/needs.ts';
import type { Json } from './lib/parley.ts';
import type { Scope } from './lib/scope.ts';
import { scopePerTest } from './lib/test-scope.ts';
import { accountAt, openWorld } from './lib/world.ts';

const scope = scopePerTest();
const SIZE = '12m';

function run(...command: string[]): boolean {
  return Bun.spawnSync(command, { stdout: 'ignore', stderr: 'ignore' }).exitCode === 0;
}

/** Mounts an empty file system, which is unmounted whatever happens; undefined where that is not permitted. */
function mount(on: string): boolean {
  mkdirSync(on);
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', on)) return false;
  const unmount = (): void => void run('umount', '-l', on);
  process.on('exit', unmount);
  return true;
}

const canMount = ((): boolean => {
  const probe = `/tmp/parley-e2e-mount-${process.pid}`;
  const mounted = mount(probe);
  if (mounted) run('umount', probe);
  rmdirSync(probe);
  return present(mounted, 'the right to mount a tmpfs');
})();

function smallFolder(within: Scope): string {
  const folder = join(within.folder(), 'data');
  if (!mount(folder)) throw new Error('the mount failed');
  within.atEnd(() => run('umount', '-l', folder));
  return folder;
}

/** Takes all the room that is left. */
function fill(file: string): void {
  const descriptor = openSync(file, 'w');
  for (const size of [65_536, 4_096, 1]) {
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(size, 1));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
  closeSync(descriptor);
}

test.skipIf(!canMount)(
  '[SEND-6] [INV 1, INV 9] on a full disk sends are refused with storage_full, and work again once there is room',
  async () => {
    const directory = smallFolder(scope());
    const { parley, server, accounts, group, session } = await openWorld(scope(), ['ada', 'bob'], {
      directory,
    });
    const [ada, bob] = [await session(0), await session(1)];
    const results: Json[] = [];
    const send = async (id: string): Promise<Json> => {
      const answer = await ada.text(group, id, `${id} ${'x'.repeat(4_000)}`);
      const [result] = answer['results'] as Json[];
      results.push(result ?? {});
      return result ?? {};
    };
    expect(await send('before')).toHaveProperty('seq');

    fill(join(directory, 'filler'));
    // The write-ahead log may have some room of its own left.
    let refused = 0;
    for (let index = 0; index < 600 && refused < 20; index++)
      if ('error' in (await send(`full-${index}`))) refused++;
    expect(refused).toBe(20);
    const errors = results.flatMap((result) => ('error' in result ? [result['error']] : []));
    for (const error of errors) expect(error).toMatchObject({ code: 'storage_full', retry: 'later' });

    // Other things go on: reading, and the process itself.
    expect(await bob.request({ type: 'find_users', names: ['ada'] })).toMatchObject({
      users: [{ name: 'ada' }],
    });
    const acknowledged = acksIn(ada.frames);
    const whenFull = await logOf(server.url, accountAt(accounts, 1).token, group);
    expect(wrongIn(whenFull, acknowledged)).toEqual([]);
    expect(whenFull.length).toBe(acknowledged.length + 1);

    rmSync(join(directory, 'filler'));
    for (const result of results.filter((one) => 'error' in one)) {
      expect(await send(String(result['client_msg_id']))).toHaveProperty('seq');
    }
    expect(await send('after')).toHaveProperty('seq');
    const log = await logOf(server.url, accountAt(accounts, 1).token, group);
    expect(wrongIn(log, acksIn(ada.frames))).toEqual([]);
    expect(log.length).toBe(acksIn(ada.frames).length + 1);
    expect((await parley.run(['audit', '--data', directory, '--json'])).code).toBe(0);
    expect((await server.stop()).code).toBe(0);
    await server.restart();
    expect(wrongIn(await logOf(server.url, accountAt(accounts, 0).token, group), acksIn(ada.frames))).toEqual(
      [],
    );
  },
  60_000,
);
