import { expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '@parley/ports/store-error';
import { linesOf, openStores, startChild, TestFolder } from './test-folder.ts';

const opening = (directory: string): Promise<unknown> =>
  openStores(directory).catch((error: unknown) => error);

test('a second server in the same process is kept out with a clear error, until the first one closed', async () => {
  using folder = new TestFolder();
  const first = await openStores(folder.directory);
  const refused = await opening(folder.directory);
  expect(refused).toBeInstanceOf(StoreError);
  expect(String(refused)).toContain(`Another Parley server is already using the folder ${folder.directory}`);
  await first[Symbol.asyncDispose]();
  await (await openStores(folder.directory))[Symbol.asyncDispose]();
});

test('a second process is kept out, and kill -9 of the first one frees the folder', async () => {
  using folder = new TestFolder();
  const child = startChild({ directory: folder.directory });
  const reader = child.stdout.getReader();
  await reader.read();
  expect(String(await opening(folder.directory))).toContain(
    'Another Parley server is already using the folder',
  );
  const second = startChild({ directory: folder.directory, rounds: 1 });
  expect(await second.exited).not.toBe(0);
  expect(await new Response(second.stderr).text()).toContain('Another Parley server');
  child.kill('SIGKILL');
  await child.exited;
  await (await openStores(folder.directory))[Symbol.asyncDispose]();
});

test('the folder and its files are for their owner alone', async () => {
  using folder = new TestFolder();
  const directory = join(folder.directory, 'deep', 'data');
  await using stores = await openStores(directory);
  expect(stores.messages.logId).toMatch(/^[0-9a-f]{32}$/);
  const mode = (path: string): number => statSync(path).mode & 0o777;
  expect(mode(directory)).toBe(0o700);
  for (const file of ['parley.db', 'parley.db-wal', 'parley.db-shm', 'lock.db']) {
    expect([file, mode(join(directory, file))]).toEqual([file, 0o600]);
  }
});

test('after a close the process ends by itself', async () => {
  using folder = new TestFolder();
  const child = startChild({ directory: folder.directory, rounds: 2 });
  const output = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  expect(linesOf(output).at(-1)).toEqual({ closed: true });
});
