// Real processes in the background, found and ended by their pid files.
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Member } from './engine.ts';
import { kill, lastWords, launch, pidOf, stop } from './member-process.ts';
import { poll } from './waiting.ts';

let member: Member;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-member-'));
  member = { name: 'sleeper', number: 1, host: '127.0.0.1', port: 1, peerPort: undefined, folder };
});
afterEach(async () => {
  await kill(member);
  rmSync(member.folder, { recursive: true });
});

test('a member that was launched has a pid until it is stopped', async () => {
  await launch(member, ['sleep', '600']);
  expect(pidOf(member)).toBeGreaterThan(1);
  await stop(member, 'SIGTERM');
  expect(pidOf(member)).toBeUndefined();
});

test('kill ends what cannot be asked', async () => {
  await launch(member, ['sh', '-c', 'trap "" TERM; echo ready; sleep 600']);
  await poll('the trap', 10_000, () => lastWords(member) === 'ready');
  await kill(member);
  expect(pidOf(member)).toBeUndefined();
});

test('a member that ended by itself has no pid, and its last words are kept over the next start', async () => {
  await launch(member, ['sh', '-c', 'echo why']);
  await poll('its end', 10_000, () => pidOf(member) === undefined);
  expect(lastWords(member)).toBe('why');
  await launch(member, ['sleep', '600']);
  expect(await Bun.file(join(member.folder, 'log.1')).text()).toBe('why\n');
});

test('another process with the pid of the file is not taken for the member', () => {
  writeFileSync(join(member.folder, 'pid'), `${process.pid} 1`);
  expect(pidOf(member)).toBeUndefined();
});

test('a program that is not there is an error', async () => {
  await expect(launch(member, ['no-such-program'])).rejects.toThrow('no-such-program');
});
