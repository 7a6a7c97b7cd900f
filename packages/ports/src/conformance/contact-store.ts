// The suite of the contact store.
import { describe, expect, test } from 'bun:test';
import type { UserId } from '@parley/protocol/ids';
import { type ContactStore, DEFAULT_SETTINGS, type Settings } from '../contact-store.ts';
import { ALICE, BOB, CAROL, LARGEST_ID, userId } from './fixture.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

type OpenContacts = Open<Opened<'contacts'>>;

const HIDDEN: Settings = { readReceipts: false, visibility: 'nobody' };
const IDS = ['9', '10', '99', '100', '9007199254740993', String(LARGEST_ID)] as UserId[];
const MANY = 1_000;

function settingsRules(open: OpenContacts): void {
  test('[CONTACT-1] every user has settings: the default ones until others are set', async () => {
    await using world = await open();
    expect(await world.contacts.settings([])).toEqual(new Map());
    expect(await world.contacts.settings([ALICE])).toEqual(new Map([[ALICE, DEFAULT_SETTINGS]]));
    await world.contacts.setSettings(ALICE, HIDDEN);
    await world.contacts.setSettings(BOB, { readReceipts: true, visibility: 'contacts' });
    await world.contacts.setSettings(BOB, { readReceipts: false, visibility: 'contacts' });
    expect(await world.contacts.settings([ALICE, BOB, CAROL])).toEqual(
      new Map<UserId, Settings>([
        [ALICE, HIDDEN],
        [BOB, { readReceipts: false, visibility: 'contacts' }],
        [CAROL, DEFAULT_SETTINGS],
      ]),
    );
    await world.contacts.setSettings(ALICE, DEFAULT_SETTINGS);
    expect(await world.contacts.settings([ALICE, ALICE])).toEqual(new Map([[ALICE, DEFAULT_SETTINGS]]));
  });

  test('[CONTACT-2] the last time a user was there never goes back, and is absent where there is none', async () => {
    await using world = await open();
    expect(await world.contacts.lastSeen([ALICE])).toEqual(new Map());
    await world.contacts.setLastSeen([]);
    await world.contacts.setLastSeen([
      { user: ALICE, at: 1_700_000_000_500 },
      { user: BOB, at: 7 },
    ]);
    await world.contacts.setLastSeen([
      { user: ALICE, at: 1_700_000_000_499 },
      { user: BOB, at: 8 },
      { user: BOB, at: 6 },
    ]);
    expect(await world.contacts.lastSeen([CAROL, BOB, ALICE])).toEqual(
      new Map([
        [BOB, 8],
        [ALICE, 1_700_000_000_500],
      ]),
    );
  });
}

interface Relation {
  readonly name: string;
  readonly add: (
    store: ContactStore,
    user: UserId,
    others: readonly UserId[],
    max: number,
  ) => Promise<boolean>;
  readonly remove: (store: ContactStore, user: UserId, other: UserId) => Promise<void>;
  readonly page: (
    store: ContactStore,
    user: UserId,
    after: UserId | undefined,
    limit: number,
  ) => Promise<readonly UserId[]>;
  /** Which of these users have `user` on their list. */
  readonly havingAmong: (
    store: ContactStore,
    user: UserId,
    others: readonly UserId[],
  ) => Promise<readonly UserId[]>;
}

const WATCHING: Relation = {
  name: 'contacts',
  add: (store, user, others, max) => store.watch(user, others, max),
  remove: (store, user, other) => store.unwatch(user, [other]),
  page: (store, user, after, limit) => store.contacts(user, after, limit),
  havingAmong: (store, user, others) => store.watchersAmong(user, others),
};
const BLOCKING: Relation = {
  name: 'blocked users',
  // One at a time, as the port has it.
  add: async (store, user, others, max) =>
    (await Promise.all(others.map((other) => store.block(user, other, max)))).every(Boolean),
  remove: (store, user, other) => store.unblock(user, other),
  page: (store, user, after, limit) => store.blocked(user, after, limit),
  havingAmong: (store, user, others) => store.blockersAmong(user, others),
};

function relationRules(open: OpenContacts, { name, add, remove, page, havingAmong }: Relation): void {
  test(`[CONTACT-3] ${name} come in order of id as numbers, page by page, each once`, async () => {
    await using world = await open();
    const { contacts } = world;
    expect(await page(contacts, ALICE, undefined, 10)).toEqual([]);
    expect(await add(contacts, ALICE, [...IDS].reverse(), MANY)).toBe(true);
    expect(await add(contacts, ALICE, IDS.slice(0, 3), MANY)).toBe(true);
    expect(await add(contacts, BOB, [CAROL], MANY)).toBe(true);
    for (const limit of [1, 4, 6, 100]) {
      const seen: UserId[] = [];
      for (;;) {
        const rows = await page(contacts, ALICE, seen.at(-1), limit);
        expect(rows.length).toBeLessThanOrEqual(limit);
        seen.push(...rows);
        if (rows.length < limit) break;
      }
      expect(seen).toEqual(IDS);
    }
    expect(await page(contacts, ALICE, userId(50), 1)).toEqual([userId(99)]);
  });

  test(`[CONTACT-4] ${name} of one say nothing of the other way, and are gone once taken off`, async () => {
    await using world = await open();
    const { contacts } = world;
    await add(contacts, ALICE, [BOB], MANY);
    await add(contacts, CAROL, [ALICE, BOB], MANY);
    expect(new Set(await havingAmong(contacts, BOB, [ALICE, CAROL, userId(99)]))).toEqual(
      new Set([ALICE, CAROL]),
    );
    expect(await havingAmong(contacts, BOB, [CAROL])).toEqual([CAROL]);
    expect(await havingAmong(contacts, ALICE, [BOB, CAROL])).toEqual([CAROL]);
    expect(await havingAmong(contacts, CAROL, [ALICE, BOB])).toEqual([]);
    expect(await havingAmong(contacts, BOB, [])).toEqual([]);
    await remove(contacts, CAROL, BOB);
    await remove(contacts, CAROL, BOB);
    await remove(contacts, BOB, ALICE);
    expect(await havingAmong(contacts, BOB, [ALICE, CAROL])).toEqual([ALICE]);
    expect(await page(contacts, CAROL, undefined, 10)).toEqual([ALICE]);
  });
}

function boundRules(open: OpenContacts): void {
  test('[CONTACT-5] contacts beyond the number are refused, all of a call or none', async () => {
    await using world = await open();
    const { contacts } = world;
    const [one, two, three, four] = [1, 2, 3, 4].map(userId) as [UserId, UserId, UserId, UserId];
    expect(await contacts.watch(ALICE, [one, two, three, four], 3)).toBe(false);
    expect(await contacts.contacts(ALICE, undefined, 10)).toEqual([]);
    expect(await contacts.watch(ALICE, [one, two, two, one], 3)).toBe(true);
    expect(await contacts.watch(ALICE, [three, four], 3)).toBe(false);
    expect(await contacts.watch(ALICE, [two, three], 3)).toBe(true);
    expect(await contacts.watch(ALICE, [one, three], 3)).toBe(true);
    expect(await contacts.watch(ALICE, [one], 1)).toBe(true);
    expect(await contacts.watch(BOB, [one], 3)).toBe(true);
    expect(await contacts.contacts(ALICE, undefined, 10)).toEqual([one, two, three]);
    await contacts.unwatch(ALICE, [one, four]);
    expect(await contacts.watch(ALICE, [four], 3)).toBe(true);
    expect(new Set(await contacts.contactsAmong(ALICE, [one, two, three, four]))).toEqual(
      new Set([two, three, four]),
    );
  });

  test('[CONTACT-6] no more are blocked than the number, however many calls come at once', async () => {
    await using world = await open();
    const others = Array.from({ length: 20 }, (_, index) => userId(100 + index));
    const done = await Promise.all(others.map((other) => world.contacts.block(ALICE, other, 5)));
    expect(done.filter(Boolean)).toHaveLength(5);
    const blocked = await world.contacts.blocked(ALICE, undefined, 100);
    expect(blocked).toEqual(others.filter((_, index) => done[index]));
    expect(await world.contacts.block(ALICE, blocked[0] as UserId, 5)).toBe(true);
    await world.contacts.unblock(ALICE, blocked[0] as UserId);
    expect(await world.contacts.block(ALICE, userId(999), 5)).toBe(true);
  });

  test('[CONTACT-7] watching and blocking are two things, and either is of one user alone', async () => {
    await using world = await open();
    await world.contacts.watch(ALICE, [BOB], MANY);
    await world.contacts.block(ALICE, CAROL, MANY);
    expect(await world.contacts.contacts(ALICE, undefined, 10)).toEqual([BOB]);
    expect(await world.contacts.blocked(ALICE, undefined, 10)).toEqual([CAROL]);
    expect(await world.contacts.blockersAmong(BOB, [ALICE])).toEqual([]);
    expect(await world.contacts.watchersAmong(CAROL, [ALICE])).toEqual([]);
    expect(await world.contacts.contactsAmong(BOB, [ALICE, CAROL])).toEqual([]);
  });
}

function durabilityRules<World extends Opened<'contacts'>>(open: Open<World>, reopen: Reopen<World>): void {
  test('[CONTACT-8] settings, contacts, blocks and last-seen times survive a restart', async () => {
    await acrossRestart({
      open,
      reopen,
      before: async ({ contacts }) => {
        await contacts.setSettings(ALICE, HIDDEN);
        await contacts.watch(ALICE, [BOB, CAROL], MANY);
        await contacts.unwatch(ALICE, [CAROL]);
        await contacts.block(ALICE, CAROL, MANY);
        await contacts.setLastSeen([{ user: ALICE, at: 12 }]);
      },
      after: async ({ contacts }) => {
        expect((await contacts.settings([ALICE])).get(ALICE)).toEqual(HIDDEN);
        expect(await contacts.contacts(ALICE, undefined, 10)).toEqual([BOB]);
        expect(await contacts.blockersAmong(CAROL, [ALICE, BOB])).toEqual([ALICE]);
        await contacts.setLastSeen([{ user: ALICE, at: 11 }]);
        expect((await contacts.lastSeen([ALICE])).get(ALICE)).toBe(12);
      },
    });
  });
}

export function testContactStore<World extends Opened<'contacts'>>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as ContactStore`, () => {
    settingsRules(open);
    for (const relation of [WATCHING, BLOCKING]) relationRules(open, relation);
    boundRules(open);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
