// Profiles hold a token: private, whole or absent, and never printed.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from './cli-error.ts';
import { ProfileStore, type Profile } from './profile-store.ts';

const ada: Profile = {
  url: 'http://127.0.0.1:1',
  user_id: '11',
  name: 'ada',
  device_id: '31',
  token: 'plt_secret',
};
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-profiles-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function failure(attempt: Promise<unknown>): Promise<CliError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CliError) return error;
  throw new Error('expected a CliError', { cause: error });
}

describe('ProfileStore', () => {
  test('what was written is read, by its owner only, and no draft stays behind', async () => {
    const store = new ProfileStore(join(directory, 'new'));
    await store.write('home', ada);
    await store.write('home', { ...ada, token: 'plt_second' });
    expect(await store.read('home')).toEqual({ ...ada, token: 'plt_second' });
    expect((await stat(join(directory, 'new/profiles/home.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'new/profiles'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(directory, 'new/profiles'))).toEqual(['home.json']);
  });

  test('a folder that others could read is closed to them', async () => {
    await mkdir(join(directory, 'profiles'));
    await chmod(join(directory, 'profiles'), 0o755);
    await new ProfileStore(directory).write('home', ada);
    expect((await stat(join(directory, 'profiles'))).mode & 0o777).toBe(0o700);
  });

  test('a missing profile says how to sign in', async () => {
    const store = new ProfileStore(directory);
    expect(await store.find('home')).toBeUndefined();
    const error = await failure(store.read('home'));
    expect(error).toMatchObject({ code: 'no_profile', exit: 1 });
    expect(error.message).toContain('parley login');
  });

  test('a damaged file is reported without its content', async () => {
    const store = new ProfileStore(directory);
    await mkdir(join(directory, 'profiles'));
    for (const text of ['{"token":"plt_secret"', '{"token":"plt_secret"}', 'null', '[]']) {
      await writeFile(join(directory, 'profiles/home.json'), text);
      const error = await failure(store.read('home'));
      expect(error.code).toBe('profile_unreadable');
      expect(error.message).not.toContain('plt_secret');
    }
  });

  test('a name that would lead out of the folder is a usage error', async () => {
    const store = new ProfileStore(directory);
    for (const name of ['../x', '', '.', 'a/b', 'a\u0000b', 'x'.repeat(65)]) {
      expect(await failure(store.read(name))).toMatchObject({ code: 'usage', exit: 2 });
    }
  });
});
