import { expect, test } from 'bun:test';
import { MemoryStores } from '@parley/adapter-memory/memory-stores';
import type { UserId } from '@parley/protocol/ids';
import { DEFAULT_SETTINGS, type Settings } from '@parley/ports/contact-store';
import { UserSettings } from './user-settings.ts';

const [ADA, BOB, CY] = ['11', '12', '13'] as UserId[] as [UserId, UserId, UserId];

/** The store, with its calls counted. */
function world() {
  const { contacts } = new MemoryStores();
  const calls: string[] = [];
  for (const method of ['settings', 'blocked', 'blockersAmong'] as const) {
    const call = contacts[method].bind(contacts) as (...args: unknown[]) => never;
    contacts[method] = ((...args: unknown[]) => {
      calls.push(method);
      return call(...args);
    }) as never;
  }
  return { contacts, calls, settings: new UserSettings(contacts) };
}

test('[SET-1] what was never set is true and everyone, what is absent from a change stays', async () => {
  const { settings, contacts } = world();
  expect(await settings.one(ADA)).toEqual(DEFAULT_SETTINGS);
  await settings.set(ADA, { visibility: 'nobody' });
  await settings.set(ADA, { readReceipts: false });
  const expected: Settings = { readReceipts: false, visibility: 'nobody' };
  expect(await settings.one(ADA)).toEqual(expected);
  expect(await new UserSettings(contacts).one(ADA)).toEqual(expected);
});

test('[SET-1] two changes at the same time do not undo one another', async () => {
  const { settings } = world();
  await Promise.all([
    settings.set(ADA, { visibility: 'contacts' }),
    settings.set(ADA, { readReceipts: false }),
  ]);
  expect(await settings.one(ADA)).toEqual({ visibility: 'contacts', readReceipts: false });
});

test('what was read stays in memory, and a change is seen at once', async () => {
  const { settings, calls } = world();
  await settings.of([ADA, BOB]);
  await settings.of([BOB, ADA]);
  await settings.blockedBy(ADA);
  expect(await settings.blockersAmong(BOB, [ADA])).toEqual(new Set());
  expect(calls).toEqual(['settings', 'blocked']);
  await settings.block(ADA, BOB);
  expect(await settings.blockedBy(ADA)).toEqual(new Set([BOB]));
  expect(await settings.blockersAmong(BOB, [ADA, CY])).toEqual(new Set([ADA]));
  expect(await settings.blockersAmong(CY, [ADA])).toEqual(new Set());
  await settings.unblock(ADA, BOB);
  expect(await settings.blockedBy(ADA)).toEqual(new Set());
});

test('what was read while it was changed is not kept', async () => {
  const { settings, contacts } = world();
  const gate = Promise.withResolvers<void>();
  const read = { settings: contacts.settings.bind(contacts), blocked: contacts.blocked.bind(contacts) };
  const held = async <Result>(result: Promise<Result>): Promise<Result> => {
    const found = await result;
    await gate.promise;
    return found;
  };
  contacts.settings = (...args) => held(read.settings(...args));
  contacts.blocked = (...args) => held(read.blocked(...args));
  const reading = [settings.one(ADA), settings.blockedBy(ADA)];
  contacts.settings = read.settings;
  contacts.blocked = read.blocked;
  await settings.set(ADA, { visibility: 'nobody' });
  await settings.block(ADA, BOB);
  gate.resolve();
  await Promise.all(reading);
  expect((await settings.one(ADA)).visibility).toBe('nobody');
  expect(await settings.blockedBy(ADA)).toEqual(new Set([BOB]));
});

test('[BLOCK-1] who has too many blocks gets no more, and nobody is told of one', async () => {
  const { settings, contacts } = world();
  const told: string[] = [];
  settings.listen({ blockChanged: (user, other, blocked) => void told.push(`${user} ${other} ${blocked}`) });
  contacts.block = () => Promise.resolve(false);
  expect(await settings.block(ADA, BOB)).toBe(false);
  await settings.unblock(ADA, BOB);
  expect(told).toEqual([`${ADA} ${BOB} false`]);
});
