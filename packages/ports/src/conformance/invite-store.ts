// The suite of the invite store.
import { describe, expect, test } from 'bun:test';
import type { InviteRecord } from '../invite-store.ts';
import { ALICE, BOB, CAROL, conversationId, LARGEST_ID, userId } from './fixture.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

type OpenInvites = Open<Opened<'invites'>>;

const C = conversationId(500);
const D = conversationId(LARGEST_ID);
const NOW = 1_700_000_000_000;
const MANY = 100;
const codeOf = (name: string) => name.padEnd(22, '_');

const invite = (name: string, fields: Partial<InviteRecord> = {}): InviteRecord => ({
  code: codeOf(name),
  conversation: C,
  createdBy: ALICE,
  createdAt: NOW,
  expiresAt: NOW + 1_000,
  usesMax: undefined,
  uses: 0,
  ...fields,
});
const USED = { kind: 'used', conversation: C } as const;
const INVALID = { kind: 'invalid' } as const;

function createRules(open: OpenInvites): void {
  test('[INVITE-1] an invitation is found by its code with all that it was made with', async () => {
    await using world = await open();
    const records = [
      invite('one'),
      invite('-Two', { conversation: D, createdBy: userId(LARGEST_ID), usesMax: 3 }),
    ];
    expect(await world.invites.invite(codeOf('one'))).toBeUndefined();
    for (const record of records) expect(await world.invites.create(record, MANY)).toBe(true);
    for (const record of records) expect(await world.invites.invite(record.code)).toEqual(record);
    expect(await world.invites.invite(codeOf('ONE'))).toBeUndefined();
  });

  test('[INVITE-2] made again it is the same one, also when it was used meanwhile', async () => {
    await using world = await open();
    await world.invites.create(invite('one'), 1);
    await world.invites.use(codeOf('one'), BOB, NOW);
    expect(await world.invites.create(invite('one'), 1)).toBe(true);
    expect(await world.invites.open(C, NOW)).toEqual([invite('one', { uses: 1 })]);
  });

  test('[INVITE-3] a group has no more open ones than the number; those that are over do not count', async () => {
    await using world = await open();
    const { invites } = world;
    const made = await Promise.all(
      Array.from({ length: 10 }, (_, index) => invites.create(invite(`n${index}`, { usesMax: 1 }), 4)),
    );
    expect(made.filter(Boolean)).toHaveLength(4);
    expect(await invites.open(C, NOW)).toHaveLength(4);
    expect(await invites.create(invite('elsewhere', { conversation: D }), 4)).toBe(true);
    const first = (await invites.open(C, NOW))[0]?.code ?? '';
    await invites.use(first, BOB, NOW);
    expect(await invites.create(invite('used'), 4)).toBe(true);
    expect(await invites.create(invite('many'), 4)).toBe(false);
    expect(await invites.revoke(C, codeOf('used'))).toBe(true);
    expect(await invites.create(invite('taken-back', { expiresAt: NOW + 5_000 }), 4)).toBe(true);
    const later = { createdAt: NOW + 1_000, expiresAt: NOW + 9_000 };
    for (const name of ['l1', 'l2', 'l3']) expect(await invites.create(invite(name, later), 4)).toBe(true);
    expect(await invites.create(invite('l4', later), 4)).toBe(false);
    expect(await invites.invite(codeOf('l4'))).toBeUndefined();
  });

  test('[INVITE-4] the open ones of a group are neither expired nor used up, newest first', async () => {
    await using world = await open();
    const { invites } = world;
    const records = [
      invite('b', { createdAt: NOW + 1 }),
      invite('a', { createdAt: NOW + 1, usesMax: 1 }),
      invite('old', { createdAt: NOW - 5, expiresAt: NOW + 10 }),
      invite('new', { createdAt: NOW + 2, usesMax: 2 }),
    ];
    for (const record of records) await invites.create(record, MANY);
    await invites.create(invite('other', { conversation: D }), MANY);
    const names = async (now: number) =>
      (await invites.open(C, now)).map(({ code }) => code.replace(/_+$/, ''));
    expect(await names(NOW + 9)).toEqual(['new', 'a', 'b', 'old']);
    expect(await names(NOW + 10)).toEqual(['new', 'a', 'b']);
    await invites.use(codeOf('a'), BOB, NOW);
    await invites.use(codeOf('new'), BOB, NOW);
    expect(await names(NOW)).toEqual(['new', 'b', 'old']);
    expect(await names(NOW + 1_000)).toEqual([]);
  });
}

function useRules(open: OpenInvites): void {
  test('[INVITE-5] a user counts once, and comes again also where it is used up', async () => {
    await using world = await open();
    const { invites } = world;
    await invites.create(invite('one', { usesMax: 2 }), MANY);
    expect(await invites.use(codeOf('one'), BOB, NOW)).toEqual(USED);
    expect(await invites.use(codeOf('one'), BOB, NOW)).toEqual(USED);
    expect((await invites.invite(codeOf('one')))?.uses).toBe(1);
    expect(await invites.use(codeOf('one'), CAROL, NOW)).toEqual(USED);
    expect(await invites.use(codeOf('one'), ALICE, NOW)).toEqual(INVALID);
    expect(await invites.use(codeOf('one'), BOB, NOW)).toEqual(USED);
    expect((await invites.invite(codeOf('one')))?.uses).toBe(2);
  });

  test('[INVITE-6] one that is unknown, expired or taken back lets nobody in, whoever came before', async () => {
    await using world = await open();
    const { invites } = world;
    expect(await invites.use(codeOf('none'), BOB, NOW)).toEqual(INVALID);
    await invites.create(invite('one'), MANY);
    expect(await invites.use(codeOf('one'), BOB, NOW + 999)).toEqual(USED);
    expect(await invites.use(codeOf('one'), CAROL, NOW + 1_000)).toEqual(INVALID);
    expect(await invites.use(codeOf('one'), BOB, NOW + 1_000)).toEqual(INVALID);
    expect(await invites.revoke(D, codeOf('one'))).toBe(false);
    expect((await invites.invite(codeOf('one')))?.uses).toBe(1);
    expect(await invites.revoke(C, codeOf('one'))).toBe(true);
    expect(await invites.revoke(C, codeOf('one'))).toBe(false);
    expect(await invites.use(codeOf('one'), BOB, NOW)).toEqual(INVALID);
    expect(await invites.invite(codeOf('one'))).toBeUndefined();
  });

  test('[INVITE-7] of fifty who come at once by one that is good for ten, ten are let in', async () => {
    await using world = await open();
    const { invites } = world;
    await invites.create(invite('ten', { usesMax: 10 }), MANY);
    const users = Array.from({ length: 50 }, (_, index) => userId(1_000 + index));
    // Each twice at once: the second must not take a place.
    const outcomes = await Promise.all(
      [...users, ...users].map((user) => invites.use(codeOf('ten'), user, NOW)),
    );
    const letIn = new Set(
      outcomes.flatMap(({ kind }, index) => (kind === 'used' ? [users[index % users.length]] : [])),
    );
    expect(letIn.size).toBe(10);
    expect(outcomes.filter(({ kind }) => kind === 'used')).toHaveLength(20);
    expect((await invites.invite(codeOf('ten')))?.uses).toBe(10);
    expect(await invites.open(C, NOW)).toEqual([]);
  });

  test('[INVITE-8] a use that is given back leaves the place to another, once', async () => {
    await using world = await open();
    const { invites } = world;
    await invites.create(invite('one', { usesMax: 1 }), MANY);
    await invites.use(codeOf('one'), BOB, NOW);
    await invites.giveBack(codeOf('one'), CAROL);
    expect(await invites.use(codeOf('one'), CAROL, NOW)).toEqual(INVALID);
    await invites.giveBack(codeOf('one'), BOB);
    await invites.giveBack(codeOf('one'), BOB);
    expect((await invites.invite(codeOf('one')))?.uses).toBe(0);
    expect(await invites.use(codeOf('one'), CAROL, NOW)).toEqual(USED);
    expect(await invites.use(codeOf('one'), BOB, NOW)).toEqual(INVALID);
    await invites.giveBack(codeOf('none'), BOB);
  });

  test('[INVITE-9] those that expired before a time are dropped, and no others', async () => {
    await using world = await open();
    const { invites } = world;
    const records = [100, 199, 200, 201].map((expiresAt) =>
      invite(`e${expiresAt}`, { createdAt: 1, expiresAt }),
    );
    for (const record of records) await invites.create(record, MANY);
    await invites.use(codeOf('e100'), BOB, 50);
    await invites.use(codeOf('e201'), BOB, 50);
    await invites.dropExpired(200);
    const kept = await Promise.all(records.map(({ code }) => invites.invite(code)));
    expect(kept).toEqual([undefined, undefined, records[2], { ...invite('e201'), ...records[3], uses: 1 }]);
    // One of the same code is new: nobody came by it.
    await invites.create(invite('e100', { usesMax: 1 }), MANY);
    expect(await invites.use(codeOf('e100'), BOB, NOW)).toEqual(USED);
    expect((await invites.invite(codeOf('e100')))?.uses).toBe(1);
    await invites.revoke(C, codeOf('e100'));
    await invites.create(invite('e100', { usesMax: 1 }), MANY);
    expect(await invites.use(codeOf('e100'), BOB, NOW)).toEqual(USED);
    expect((await invites.invite(codeOf('e100')))?.uses).toBe(1);
  });
}

function durabilityRules<World extends Opened<'invites'>>(open: Open<World>, reopen: Reopen<World>): void {
  test('[INVITE-10] invitations and who came by them survive a restart', async () => {
    await acrossRestart({
      open,
      reopen,
      before: async ({ invites }) => {
        for (const name of ['kept', 'gone']) await invites.create(invite(name, { usesMax: 2 }), MANY);
        await invites.use(codeOf('kept'), BOB, NOW);
        await invites.revoke(C, codeOf('gone'));
      },
      after: async ({ invites }) => {
        expect(await invites.open(C, NOW)).toEqual([invite('kept', { usesMax: 2, uses: 1 })]);
        expect(await invites.use(codeOf('kept'), BOB, NOW)).toEqual(USED);
        expect(await invites.use(codeOf('kept'), CAROL, NOW)).toEqual(USED);
        expect(await invites.use(codeOf('kept'), ALICE, NOW)).toEqual(INVALID);
      },
    });
  });
}

export function testInviteStore<World extends Opened<'invites'>>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as InviteStore`, () => {
    createRules(open);
    useRules(open);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
