// Personal store: flags, hidden messages, followed threads, and that all of it is durable.
import { expect, test } from 'bun:test';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { ThreadKey } from '../personal-store.ts';
import { CAROL, conversationId } from './fixture.ts';
import { acrossRestart, type Open, type Reopen } from './opened.ts';
import {
  ANN,
  BEN,
  C,
  D,
  direct,
  type PersonalWorld,
  reading,
  says,
  standing,
  standingOf,
  times,
} from './personal-fixture.ts';

export function flagRules(open: Open<PersonalWorld>): void {
  test('[PERSONAL-16] a flag that is not named stays as it was, and reading goes on beside them', async () => {
    await using world = await open();
    await direct(world);
    await says(world, times(3, BEN));
    await world.personal.setFlags(ANN, C, { mutedUntil: 1_700_000_000_000 });
    await world.personal.setFlags(ANN, C, { archived: true });
    await world.personal.read(ANN, C, 2);
    await world.personal.setFlags(ANN, C, { pinned: true, archived: false });
    await world.personal.setFlags(ANN, C, {});
    const kept = { read: 2, unread: 1, asOf: 3, mutedUntil: 1_700_000_000_000, pinned: true };
    expect(await standingOf(world, ANN)).toEqual(standing(C, kept));
    await world.personal.setFlags(ANN, C, { mutedUntil: 0, pinned: false, archived: true });
    expect(await standingOf(world, ANN)).toEqual(
      standing(C, { read: 2, unread: 1, asOf: 3, archived: true }),
    );
    expect(await standingOf(world, BEN)).toEqual(standing(C, { asOf: 3 }));
    // Whether there is something unread decides, no flag.
    await world.personal.read(ANN, C, 3);
    expect((await world.personal.unreadOf(ANN, { ignoring: [], after: undefined, limit: 5 })).rows).toEqual(
      [],
    );
  });
}

export function hiddenRules(open: Open<PersonalWorld>): void {
  test('[PERSONAL-17] hidden messages have the numbers 1, 2, 3 … of their user, the same one again', async () => {
    await using world = await open();
    const { personal } = world;
    expect(await personal.hidden(ANN, 0, 10)).toEqual([]);
    expect([await personal.hide(ANN, C, 5), await personal.hide(ANN, D, 5)]).toEqual([1, 2]);
    expect([await personal.hide(ANN, C, 3), await personal.hide(BEN, C, 3)]).toEqual([3, 1]);
    expect([await personal.hide(ANN, C, 5), await personal.hide(ANN, D, 5)]).toEqual([1, 2]);
    const numbers = await Promise.all([7, 8, 7, 9].map((seq) => personal.hide(ANN, C, seq)));
    expect([...new Set(numbers)].sort((one, other) => one - other)).toEqual([4, 5, 6]);
    const all = await personal.hidden(ANN, 0, 10);
    expect(all.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(all.slice(0, 3)).toEqual([
      { number: 1, conversation: C, seq: 5 },
      { number: 2, conversation: D, seq: 5 },
      { number: 3, conversation: C, seq: 3 },
    ]);
    expect(await personal.hidden(ANN, 2, 2)).toEqual(all.slice(2, 4));
    expect(await personal.hidden(ANN, 6, 2)).toEqual([]);
  });

  test('[PERSONAL-18] hiddenIn has the hidden ones in (after, to] of one conversation, in seq order', async () => {
    await using world = await open();
    const { personal } = world;
    for (const seq of [9, 2, 7, 4]) await personal.hide(ANN, C, seq);
    await personal.hide(ANN, D, 5);
    await personal.hide(BEN, C, 6);
    expect(await personal.hiddenIn(ANN, C, 0, 100)).toEqual([2, 4, 7, 9]);
    expect(await personal.hiddenIn(ANN, C, 2, 7)).toEqual([4, 7]);
    expect(await personal.hiddenIn(ANN, C, 9, 9)).toEqual([]);
    expect(await personal.hiddenIn(CAROL, C, 0, 100)).toEqual([]);
  });
}

export function threadRules(open: Open<PersonalWorld>): void {
  test('[PERSONAL-19] writing follows a thread, unless the user once stopped; the user’s word stands', async () => {
    await using world = await open();
    const { personal } = world;
    const by = (who: 'user' | 'writing', user = ANN, follow = true) =>
      personal.follow(C, 4, [{ user, follow, by: who }]);
    expect(await personal.followers(C, 4)).toEqual([]);
    await personal.follow(C, 4, [
      { user: BEN, follow: true, by: 'writing' },
      { user: ANN, follow: true, by: 'writing' },
    ]);
    await by('writing');
    expect(await personal.followers(C, 4)).toEqual([ANN, BEN]);
    await by('user', ANN, false);
    await by('writing');
    expect(await personal.followers(C, 4)).toEqual([BEN]);
    await by('user');
    await by('user');
    expect(await personal.followers(C, 4)).toEqual([ANN, BEN]);
    await by('user', CAROL, false);
    await by('writing', CAROL);
    await personal.follow(C, 4, []);
    expect(await personal.followers(C, 4)).toEqual([ANN, BEN]);
    expect(await personal.followers(D, 4)).toEqual([]);
  });

  test('[PERSONAL-20] threads are those that the user follows, by conversation id and seq as numbers', async () => {
    await using world = await open();
    const { personal } = world;
    const keys = (
      [
        ['9', 7],
        ['500', 2],
        ['500', 10],
        ['9223372036854775807', 1],
      ] as const
    ).map(([id, thread]): ThreadKey => ({ conversation: conversationId(id), thread }));
    for (const { conversation, thread } of [...keys].reverse())
      await personal.follow(conversation, thread, [{ user: ANN, follow: true, by: 'writing' }]);
    await personal.follow(C, 5, [{ user: ANN, follow: false, by: 'user' }]);
    await personal.follow(C, 6, [{ user: BEN, follow: true, by: 'user' }]);
    for (const limit of [1, 2, 3, 5]) {
      const found: ThreadKey[] = [];
      for (let pages = 0; pages < 6; pages++)
        found.push(...(await personal.threads(ANN, found.at(-1), limit)));
      expect(found).toEqual(keys);
    }
    const between: ThreadKey = { conversation: C, thread: 9 as Seq };
    expect(await personal.threads(ANN, between, 1)).toEqual(keys.slice(2, 3));
  });
}

export function dropRules(open: Open<PersonalWorld>): void {
  test('[PERSONAL-25] forget lets go of who follows threads up to a seq and of what was hidden there, of this conversation', async () => {
    await using world = await open();
    const { personal } = world;
    const follow = (conversation: ConversationId, thread: number, user = ANN) =>
      personal.follow(conversation, thread, [{ user, follow: true, by: 'writing' }]);
    for (const thread of [2, 5, 6]) await follow(C, thread);
    await follow(C, 5, BEN);
    await follow(D, 2);
    for (const seq of [3, 9, 5]) await personal.hide(ANN, C, seq);
    await personal.hide(BEN, C, 4);
    await personal.hide(ANN, D, 1);
    await personal.forget(C, 5);
    await personal.forget(C, 5);
    expect(await personal.threads(ANN, undefined, 10)).toEqual([
      { conversation: C, thread: 6 },
      { conversation: D, thread: 2 },
    ]);
    expect(await personal.followers(C, 5)).toEqual([]);
    expect(await personal.hiddenIn(ANN, C, 0, 100)).toEqual([9]);
    expect((await personal.hidden(ANN, 0, 10)).map(({ number }) => number)).toEqual([2, 4]);
  });

  test('[PERSONAL-26] the number of a hidden message is never given again, also when forget took all that a user hid', async () => {
    await using world = await open();
    const { personal } = world;
    for (const seq of [1, 2]) await personal.hide(ANN, C, seq);
    await personal.forget(C, 2);
    expect(await personal.hide(ANN, C, 7)).toBe(3);
    await personal.forget(C, 6);
    expect(await personal.hidden(ANN, 0, 10)).toEqual([{ number: 3, conversation: C, seq: 7 }]);
    expect(await personal.hide(ANN, C, 8)).toBe(4);
  });
}

export function durabilityRules<World extends PersonalWorld>(open: Open<World>, reopen: Reopen<World>): void {
  test('[PERSONAL-21] everything that a user keeps survives a restart', async () => {
    let before: unknown;
    const look = async ({ personal }: World) => [
      await personal.standings(ANN, [C, D], []),
      await personal.unreadOf(ANN, { ignoring: [], after: undefined, limit: 10 }),
      await personal.hidden(ANN, 0, 10),
      await personal.followers(C, 2),
      await personal.threads(ANN, undefined, 10),
    ];
    await acrossRestart({
      open,
      reopen,
      before: async (world) => {
        await direct(world);
        await says(world, [BEN, ANN, BEN, BEN]);
        const { personal } = world;
        await personal.read(ANN, C, 2);
        await personal.setFlags(ANN, C, { pinned: true, mutedUntil: 5 });
        await personal.setMentions(C, [{ seq: 4, sender: BEN, users: [ANN], everyone: false, asOf: 4 }]);
        await personal.hide(ANN, C, 3);
        await personal.follow(C, 2, [{ user: ANN, follow: true, by: 'user' }]);
        before = await look(world);
        expect(await standingOf(world, ANN)).toMatchObject({ read: 2, unread: 2, mentions: 1, pinned: true });
      },
      after: async (world) => {
        expect<unknown>(await look(world)).toEqual(before);
        await says(world, [ANN, BEN]);
        expect(await reading(world, ANN)).toEqual([2, 3, 6]);
        expect(await world.personal.hide(ANN, C, 4)).toBe(2);
      },
    });
  });
}
