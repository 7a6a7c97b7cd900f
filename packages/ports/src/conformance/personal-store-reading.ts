// Personal store: what is read and unread, by conversation and over all, also where retention dropped messages.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { CAROL, conversationId, userId } from './fixture.ts';
import { change, membership } from './member-fixture.ts';
import type { Open } from './opened.ts';
import {
  ANN,
  BEN,
  C,
  changes,
  D,
  direct,
  group,
  type PersonalWorld,
  reading,
  says,
  standing,
  times,
} from './personal-fixture.ts';

export function readingRules(open: Open<PersonalWorld>): void {
  test('[PERSONAL-1] unread counts the messages of others in (read, head], and no change', async () => {
    await using world = await open();
    await direct(world);
    expect(await reading(world, ANN)).toEqual([0, 0, 0]);
    await says(world, [BEN, ANN, BEN]);
    await changes(world, ['message_edited', 'reaction_added']);
    expect(await reading(world, ANN)).toEqual([0, 2, 5]);
    expect(await reading(world, BEN)).toEqual([0, 1, 5]);
    await says(world, [BEN, ANN]);
    expect(await reading(world, ANN)).toEqual([0, 3, 7]);
    await world.personal.read(ANN, C, 3);
    expect(await reading(world, ANN)).toEqual([3, 1, 7]);
    await world.personal.read(ANN, C, 7);
    expect(await reading(world, ANN)).toEqual([7, 0, 7]);
    await says(world, [ANN, BEN]);
    expect(await reading(world, ANN)).toEqual([7, 1, 9]);
  });

  test('[PERSONAL-2] [INV 12] read never moves back, also by calls at the same time, and goes to the head at most', async () => {
    await using world = await open();
    await direct(world);
    await says(world, times(6, BEN));
    await Promise.all([2, 5, 3].map((seq) => world.personal.read(ANN, C, seq)));
    await world.personal.read(ANN, C, 1);
    expect(await reading(world, ANN)).toEqual([5, 1, 6]);
    await world.personal.read(ANN, C, 100);
    expect(await reading(world, ANN)).toEqual([6, 0, 6]);
    await says(world, [BEN]);
    expect(await reading(world, ANN)).toEqual([6, 1, 7]);
    await world.personal.read(ANN, D, 5);
    expect(await reading(world, ANN, D)).toEqual([0, 0, 0]);
  });

  test('[PERSONAL-3] unread moves read back to just before a seq, and never on', async () => {
    await using world = await open();
    await direct(world);
    await says(world, [BEN, ANN, BEN, BEN, ANN, BEN]);
    await world.personal.read(ANN, C, 6);
    await world.personal.unread(ANN, C, 4);
    expect(await reading(world, ANN)).toEqual([3, 2, 6]);
    await world.personal.unread(ANN, C, 5);
    expect(await reading(world, ANN)).toEqual([3, 2, 6]);
    for (const seq of [1, 0]) {
      await world.personal.unread(ANN, C, seq);
      expect(await reading(world, ANN)).toEqual([0, 4, 6]);
    }
    expect(await reading(world, BEN)).toEqual([0, 2, 6]);
  });

  test('[PERSONAL-4] who joins a group has nothing unread, whatever came before, and begins again after coming back', async () => {
    await using world = await open();
    await group(world, [BEN]);
    await says(world, times(4, BEN));
    await changes(world, ['members_added']);
    await world.members.apply(C, [change(6, [membership(ANN, { joinedSeq: 6 })])]);
    // Also before the effect of the entry was done.
    expect(await reading(world, ANN)).toEqual([6, 0, 6]);
    await says(world, [BEN]);
    await world.personal.begin(C, [ANN, BEN], 6);
    expect(await reading(world, ANN)).toEqual([6, 1, 7]);
    expect(await reading(world, BEN)).toEqual([6, 0, 7]);
    await world.personal.read(ANN, C, 7);
    await world.personal.begin(C, [ANN], 6);
    expect(await reading(world, ANN)).toEqual([7, 0, 7]);
    await says(world, [BEN, ANN, BEN]);
    await world.personal.begin(C, [ANN], 9);
    expect(await reading(world, ANN)).toEqual([9, 1, 10]);
    await world.personal.read(CAROL, C, 3);
    expect(await reading(world, CAROL)).toEqual([3, 0, 10]);
  });

  test('[PERSONAL-24] begin is redone without effect: whoever went back to before it stays there', async () => {
    await using world = await open();
    await group(world, [BEN]);
    await says(world, times(6, BEN));
    await world.members.apply(C, [change(5, [membership(ANN, { joinedSeq: 5 })])]);
    await world.personal.setFlags(ANN, C, { pinned: true });
    await world.personal.begin(C, [ANN], 5);
    await world.personal.unread(ANN, C, 3);
    await world.personal.begin(C, [ANN], 5);
    expect(await reading(world, ANN)).toEqual([2, 5, 7]);
    await world.personal.begin(C, [ANN], 6);
    expect(await reading(world, ANN)).toEqual([6, 1, 7]);
  });

  test('[PERSONAL-5] read and unread go from where the user joined while nothing was stored', async () => {
    await using world = await open();
    await group(world, [BEN]);
    await says(world, times(6, BEN));
    await world.members.apply(C, [change(5, [membership(ANN, { joinedSeq: 5 })])]);
    await world.personal.read(ANN, C, 3);
    expect(await reading(world, ANN)).toEqual([5, 2, 7]);
    await world.personal.setFlags(ANN, C, { pinned: true });
    await world.personal.unread(ANN, C, 6);
    expect(await reading(world, ANN)).toEqual([5, 2, 7]);
    await world.personal.unread(ANN, C, 5);
    expect(await reading(world, ANN)).toEqual([4, 3, 7]);
  });

  test('[PERSONAL-6] former members have nothing unread, and one counts only what one may see', async () => {
    await using world = await open();
    await group(world, [ANN, BEN]);
    await says(world, times(5, BEN));
    await world.members.apply(C, [change(4, [membership(ANN, { leftSeq: 4 })])]);
    expect(await reading(world, ANN)).toEqual([1, 0, 4]);
    await world.members.apply(C, [change(6, [membership(ANN, { joinedSeq: 6, visibleAfter: 5 })])]);
    await world.personal.begin(C, [ANN], 6);
    await says(world, times(2, BEN));
    await world.personal.unread(ANN, C, 2);
    expect(await reading(world, ANN)).toEqual([1, 3, 8]);
  });

  test('[PERSONAL-7] counts stay right over long stretches, wherever in them one stops reading', async () => {
    await using world = await open();
    await direct(world);
    for (let turn = 0; turn < 5; turn++) {
      await says(world, [...times(70, BEN), ...times(50, ANN), ...times(30, BEN)]);
      await changes(world, ['message_pinned']);
    }
    const head = 5 * 151;
    const isBens = (seq: number) => (seq - 1) % 151 < 70 || ((seq - 1) % 151 >= 120 && (seq - 1) % 151 < 150);
    for (const read of [754, 640, 640 - 63, 512, 453, 200, 151, 120, 64, 63, 1, 0]) {
      await world.personal.unread(ANN, C, read + 1);
      await world.personal.read(ANN, C, read);
      const expected = times(head - read, 0).filter((_, index) => isBens(read + 1 + index)).length;
      expect(await reading(world, ANN)).toEqual([read, expected, head]);
    }
  });
}

export function pageRules(open: Open<PersonalWorld>): void {
  test('[PERSONAL-8] unreadOf has those with something unread, by id as numbers, page by page, with the total over all', async () => {
    await using world = await open();
    const ids = ['9', '10', '99', '4096', '9007199254740993', '9223372036854775807'].map(conversationId);
    for (const [index, id] of [...ids].reverse().entries()) {
      await group(world, [ANN, BEN], id);
      await says(world, times(ids.length - index, BEN), id);
    }
    const read = conversationId(77);
    await group(world, [ANN, BEN], read);
    await says(world, [ANN, BEN], read);
    await world.personal.read(ANN, read, 3);
    const left = conversationId(78);
    await group(world, [ANN, BEN], left);
    await says(world, [BEN], left);
    await world.members.apply(left, [change(2, [membership(ANN, { leftSeq: 2 })])]);
    const expected = ids.map((id, index) => standing(id, { read: 1, unread: index + 1, asOf: index + 2 }));
    for (const limit of [1, 2, 5, 6, 7]) {
      const rows: unknown[] = [];
      let after: ConversationId | undefined;
      do {
        const page = await world.personal.unreadOf(ANN, { ignoring: [], after, limit });
        expect(page.total).toEqual({ unread: 21, mentions: 0 });
        expect(page.rows.length).toBeLessThanOrEqual(limit);
        rows.push(...page.rows);
        after = page.next;
      } while (after !== undefined);
      expect(rows).toEqual(expected);
    }
    const nobodys = await world.personal.unreadOf(userId(99), { ignoring: [], after: undefined, limit: 5 });
    expect(nobodys).toEqual({ rows: [], next: undefined, total: { unread: 0, mentions: 0 } });
  });

  test('[PERSONAL-9] standings answers for each conversation that was asked for, known or not', async () => {
    await using world = await open();
    await direct(world);
    await says(world, [BEN]);
    expect(await world.personal.standings(ANN, [C, D], [])).toEqual(
      new Map([
        [C, standing(C, { unread: 1, asOf: 1 })],
        [D, standing(D)],
      ]),
    );
    expect(await world.personal.standings(ANN, [], [])).toEqual(new Map());
  });
}

export function retentionRules(open: Open<PersonalWorld>): void {
  test('[PERSONAL-10] what retention dropped is not unread, before and after reading on', async () => {
    await using world = await open();
    await direct(world);
    await says(world, [BEN, ANN, BEN, ANN, BEN, BEN]);
    await changes(world, ['message_edited']);
    await says(world, [ANN, BEN]);
    await world.messages.drop(C, 3);
    expect(await reading(world, ANN)).toEqual([0, 3, 9]);
    await world.personal.read(ANN, C, 2);
    expect(await reading(world, ANN)).toEqual([2, 3, 9]);
    await world.personal.read(ANN, C, 5);
    expect(await reading(world, ANN)).toEqual([5, 2, 9]);
    await world.messages.drop(C, 8);
    expect(await reading(world, ANN)).toEqual([5, 1, 9]);
    await world.personal.unread(ANN, C, 2);
    expect(await reading(world, ANN)).toEqual([1, 1, 9]);
    await world.messages.drop(C, 9);
    expect(await reading(world, ANN)).toEqual([1, 0, 9]);
    await says(world, [ANN, BEN, BEN]);
    expect(await reading(world, ANN)).toEqual([1, 2, 12]);
    expect(await reading(world, BEN)).toEqual([0, 1, 12]);
  });

  test('[PERSONAL-11] counts stay right where retention follows a long log step by step', async () => {
    await using world = await open();
    await direct(world);
    for (let turn = 0; turn < 6; turn++) {
      await says(world, [...times(40, BEN), ...times(40, ANN)]);
      await changes(world, ['reaction_added', 'reaction_removed']);
    }
    await world.personal.read(ANN, C, 100);
    const isBens = (seq: number) => (seq - 1) % 82 < 40;
    for (let floor = 7; floor <= 492; floor += 37) {
      await world.messages.drop(C, floor);
      const from = Math.max(100, floor);
      const expected = times(492 - from, 0).filter((_, index) => isBens(from + 1 + index)).length;
      expect(await reading(world, ANN)).toEqual([100, expected, 492]);
    }
  });
}
