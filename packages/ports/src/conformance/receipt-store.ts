// The suite of the receipt store. It gets the member store too: pages and counts are over present members.
import { describe, expect, test } from 'bun:test';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import type { ReceiptStep } from '../receipt-store.ts';
import { ALICE, BOB, CAROL, conversationId, deviceId, LARGEST_ID, userId } from './fixture.ts';
import { change, directRecord, groupRecord, membership } from './member-fixture.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

type ReceiptWorld = Opened<'members' | 'receipts'>;

const C = conversationId(500);
const D = conversationId(LARGEST_ID);
const [PHONE, LAPTOP, TABLET] = [deviceId(71), deviceId(LARGEST_ID), deviceId(700)];
const FIRST = { except: ALICE, after: undefined, limit: 100 };

const step = (fields: Partial<ReceiptStep> & { readonly seq: number }): ReceiptStep => ({
  conversation: C,
  user: BOB,
  device: PHONE,
  at: fields.seq * 100,
  timed: true,
  ...fields,
});
const reading = (fields: Partial<ReceiptStep> & { readonly seq: number }): ReceiptStep =>
  step({ device: undefined, ...fields });

/** A group of these, each there from the beginning. */
async function group(world: ReceiptWorld, users: readonly UserId[], id = C): Promise<void> {
  await world.members.createConversation(groupRecord(id));
  await world.members.apply(id, [
    change(
      1,
      users.map((user) => membership(user)),
    ),
  ]);
}

const deliveredAt = async (world: ReceiptWorld, seq: number, user = BOB) => {
  const { rows } = await world.receipts.passed(C, seq, FIRST);
  return rows.find((row) => row.user === user)?.delivered;
};
const readAt = async (world: ReceiptWorld, seq: number) =>
  (await world.receipts.passed(C, seq, FIRST)).rows[0]?.read;

function watermarkRules(open: Open<ReceiptWorld>): void {
  test('[RECEIPTS-1] nothing is known at first: 0 of every member, and of one who is none', async () => {
    await using world = await open();
    expect(await world.receipts.watermarks(C, undefined, 10)).toEqual({ rows: [], next: undefined });
    await group(world, [ALICE, BOB]);
    const rows = [ALICE, BOB].map((user) => ({ user, received: 0, read: 0 }));
    expect(await world.receipts.watermarks(C, undefined, 10)).toEqual({ rows, next: undefined });
    expect(await world.receipts.watermark(C, CAROL)).toEqual({ user: CAROL, received: 0, read: 0 });
    expect(await world.receipts.devices(C, 1, 10)).toEqual([]);
    const page = { rows: [], next: undefined, members: 1, delivered: 0, read: 0 };
    expect(await world.receipts.passed(C, 1, FIRST)).toEqual(page);
  });

  test('[RECEIPTS-2] received is the greatest of the devices, read is the user’s own, per conversation', async () => {
    await using world = await open();
    await group(world, [ALICE, BOB]);
    await world.receipts.raise([
      step({ seq: 7 }),
      step({ seq: 4, device: LAPTOP }),
      reading({ seq: 5 }),
      step({ conversation: D, seq: 9 }),
    ]);
    expect(await world.receipts.watermark(C, BOB)).toEqual({ user: BOB, received: 7, read: 5 });
    expect(await world.receipts.watermark(D, BOB)).toEqual({ user: BOB, received: 9, read: 0 });
    await world.receipts.raise([step({ seq: 8, device: LAPTOP })]);
    expect(await world.receipts.watermark(C, BOB)).toEqual({ user: BOB, received: 8, read: 5 });
    expect(await world.receipts.watermark(C, ALICE)).toEqual({ user: ALICE, received: 0, read: 0 });
  });

  test('[RECEIPTS-3] [INV 12] a step at or below the watermark of its device, or of the reading, changes nothing', async () => {
    await using world = await open();
    await group(world, [ALICE, BOB]);
    await world.receipts.raise([step({ seq: 5, at: 1 }), reading({ seq: 5, at: 2 })]);
    const before = await world.receipts.passed(C, 3, FIRST);
    const lower = [
      step({ seq: 5, at: 0 }),
      step({ seq: 3, at: 0 }),
      reading({ seq: 5, at: 0 }),
      reading({ seq: 4, at: 0 }),
    ];
    await Promise.all(lower.map((each) => world.receipts.raise([each])));
    await world.receipts.raise(lower);
    await world.receipts.raise([]);
    expect(await world.receipts.passed(C, 3, FIRST)).toEqual(before);
    expect(await world.receipts.watermark(C, BOB)).toEqual({ user: BOB, received: 5, read: 5 });
    await Promise.all([6, 9, 8].map((seq) => world.receipts.raise([step({ seq }), reading({ seq })])));
    expect(await world.receipts.watermark(C, BOB)).toEqual({ user: BOB, received: 9, read: 9 });
  });

  test('[RECEIPTS-12] raise tells which steps raised a watermark of their user, with both as they are then', async () => {
    await using world = await open();
    await group(world, [ALICE, BOB]);
    const raise = (steps: readonly ReceiptStep[]) => world.receipts.raise(steps);
    const rose = (by: 'received' | 'read', received: number, read: number, conversation = C, user = BOB) => ({
      conversation,
      by,
      row: { user, received, read },
    });
    expect(await raise([])).toEqual([]);
    expect(
      await raise([
        step({ seq: 5 }),
        reading({ seq: 3 }),
        step({ conversation: D, seq: 9, timed: false }),
        step({ seq: 4, device: LAPTOP }),
        step({ seq: 2, user: ALICE }),
      ]),
    ).toEqual([
      rose('received', 5, 0),
      rose('read', 5, 3),
      rose('received', 9, 0, D),
      rose('received', 2, 0, C, ALICE),
    ]);
    expect(await raise([step({ seq: 5, device: LAPTOP }), step({ seq: 5 }), reading({ seq: 3 })])).toEqual(
      [],
    );
    expect(await raise([step({ seq: 6, device: LAPTOP }), reading({ seq: 2 })])).toEqual([
      rose('received', 6, 3),
    ]);
    const all = await Promise.all([7, 8, 7, 8].map((seq) => raise([step({ seq })])));
    expect(all.flat().filter(({ row }) => row.received === 8)).toHaveLength(1);
    const many = Array.from({ length: 1_500 }, (_, index) => step({ seq: 1, user: userId(5_000 + index) }));
    expect((await raise(many)).map(({ row }) => row.user)).toEqual(many.map(({ user }) => user));
  });

  test('[RECEIPTS-4] watermarks has the present members by user id as numbers, and pages join without a gap', async () => {
    await using world = await open();
    const users = [9, 10, 99, 100, LARGEST_ID].map(userId);
    await group(world, [...users, CAROL]);
    await world.members.apply(C, [change(2, [membership(CAROL, { leftSeq: 2 })])]);
    await world.receipts.raise([CAROL, ...users].map((user, index) => step({ user, seq: index + 1 })));
    for (const limit of [1, 2, 4, 5, 6]) {
      const rows: unknown[] = [];
      let after: UserId | undefined;
      do {
        const page = await world.receipts.watermarks(C, after, limit);
        expect(page.rows.length).toBeLessThanOrEqual(limit);
        rows.push(...page.rows);
        after = page.next;
      } while (after !== undefined);
      expect(rows).toEqual(users.map((user, index) => ({ user, received: index + 2, read: 0 })));
    }
  });
}

function passedRules(open: Open<ReceiptWorld>): void {
  test('[RECEIPTS-5] whom a seq reached: the time of the first step that passed it, delivered and read', async () => {
    await using world = await open();
    await group(world, [ALICE, BOB]);
    await world.receipts.raise([
      step({ seq: 3 }),
      step({ seq: 6 }),
      reading({ seq: 2 }),
      reading({ seq: 6, at: 650 }),
    ]);
    const at = async (seq: number) => [await deliveredAt(world, seq), await readAt(world, seq)];
    expect(await at(1)).toEqual([{ at: 300 }, { at: 200 }]);
    expect(await at(3)).toEqual([{ at: 300 }, { at: 650 }]);
    expect(await at(4)).toEqual([{ at: 600 }, { at: 650 }]);
    expect(await at(6)).toEqual([{ at: 600 }, { at: 650 }]);
    expect(await at(7)).toEqual([undefined, undefined]);
  });

  test('[RECEIPTS-6] what a step without a time passed has none, also after later steps with one', async () => {
    await using world = await open();
    await group(world, [ALICE, BOB]);
    await world.receipts.raise([2, 4, 5].map((seq) => step({ seq, timed: false })));
    await world.receipts.raise([reading({ seq: 1 }), reading({ seq: 3, timed: false })]);
    expect([await deliveredAt(world, 5), await deliveredAt(world, 6)]).toEqual([
      { at: undefined },
      undefined,
    ]);
    await world.receipts.raise([step({ seq: 7 }), step({ seq: 9, timed: false }), step({ seq: 10 })]);
    await world.receipts.raise([reading({ seq: 8 })]);
    const delivered = await Promise.all([1, 5, 6, 7, 8, 9, 10].map((seq) => deliveredAt(world, seq)));
    expect(delivered.map((row) => row?.at)).toEqual([
      undefined,
      undefined,
      700,
      700,
      undefined,
      undefined,
      1_000,
    ]);
    expect(delivered).not.toContain(undefined);
    const read = await Promise.all([1, 2, 3, 4, 8].map((seq) => readAt(world, seq)));
    expect(read.map((row) => row?.at)).toEqual([100, undefined, undefined, 800, 800]);
  });

  test('[RECEIPTS-7] delivered is the first of the devices, without a time where one of them has none', async () => {
    await using world = await open();
    await group(world, [ALICE, BOB]);
    await world.receipts.raise([step({ seq: 5, at: 50 }), step({ seq: 9, device: LAPTOP, at: 20 })]);
    expect(await deliveredAt(world, 5)).toEqual({ at: 20 });
    await world.receipts.raise([step({ seq: 6, at: 10 })]);
    expect([await deliveredAt(world, 5), await deliveredAt(world, 6)]).toEqual([{ at: 20 }, { at: 10 }]);
    await world.receipts.raise([step({ seq: 6, device: TABLET, timed: false })]);
    expect([await deliveredAt(world, 6), await deliveredAt(world, 7)]).toEqual([
      { at: undefined },
      { at: 20 },
    ]);
  });

  test('[RECEIPTS-8] counts are over all present members but for one, whatever the page', async () => {
    await using world = await open();
    const many = Array.from({ length: 250 }, (_, index) => userId(1_000 + index));
    await group(world, [ALICE, CAROL, ...many]);
    await world.members.apply(C, [change(2, [membership(CAROL, { leftSeq: 2 })])]);
    await world.receipts.raise([ALICE, CAROL, ...many.slice(0, 200)].map((user) => step({ user, seq: 4 })));
    await world.receipts.raise(many.slice(150, 210).map((user) => reading({ user, seq: 4 })));
    const counts = { members: 250, delivered: 200, read: 60 };
    const users: UserId[] = [];
    let after: UserId | undefined;
    do {
      const page = await world.receipts.passed(C, 4, { except: ALICE, after, limit: 64 });
      expect(page).toMatchObject(counts);
      users.push(...page.rows.map((row) => row.user));
      after = page.next;
    } while (after !== undefined);
    expect(users).toEqual(many.slice(0, 210));
    const { rows } = await world.receipts.passed(C, 4, { except: ALICE, after: userId(1_199), limit: 1 });
    expect(rows).toEqual([{ user: userId(1_200), delivered: undefined, read: { at: 400 } }]);
    const withAlice = await world.receipts.passed(C, 4, { except: CAROL, after: undefined, limit: 1 });
    expect(withAlice).toMatchObject({ members: 251, delivered: 201, rows: [{ user: ALICE }] });
    expect(await world.receipts.passed(C, 5, FIRST)).toMatchObject({ rows: [], delivered: 0, read: 0 });
  });

  test('[RECEIPTS-9] the devices that have a seq, by user and device id as numbers, at most so many', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(C));
    const steps = [
      step({ seq: 5, device: LAPTOP }),
      step({ seq: 3 }),
      step({ seq: 4, device: TABLET, timed: false }),
    ];
    await world.receipts.raise([
      ...steps,
      step({ user: ALICE, seq: 4, device: LAPTOP }),
      reading({ seq: 9 }),
    ]);
    const row = (user: UserId, device: DeviceId, at?: number) => ({ user, device, at });
    const all = [row(ALICE, LAPTOP, 400), row(BOB, PHONE, 300), row(BOB, TABLET), row(BOB, LAPTOP, 500)];
    expect(await world.receipts.devices(C, 3, 10)).toEqual(all);
    expect(await world.receipts.devices(C, 3, 2)).toEqual(all.slice(0, 2));
    expect(await world.receipts.devices(C, 5, 10)).toEqual([row(BOB, LAPTOP, 500)]);
  });

  test('[RECEIPTS-10] dropTimes forgets times of steps up to a seq, no watermark and no later time', async () => {
    await using world = await open();
    await group(world, [ALICE, BOB]);
    await world.receipts.raise([3, 6, 9].flatMap((seq) => [step({ seq }), reading({ seq })]));
    await world.receipts.dropTimes(C, 6);
    await world.receipts.dropTimes(D, 100);
    expect(await world.receipts.watermark(C, BOB)).toEqual({ user: BOB, received: 9, read: 9 });
    for (const seq of [7, 9]) expect(await deliveredAt(world, seq)).toEqual({ at: 900 });
    await world.receipts.dropTimes(C, 9);
    for (const seq of [7, 9]) {
      expect([await deliveredAt(world, seq), await readAt(world, seq)]).toEqual([
        { at: undefined },
        { at: undefined },
      ]);
    }
    await world.receipts.raise([step({ seq: 9, at: 1 }), step({ seq: 12 })]);
    expect(await deliveredAt(world, 12)).toEqual({ at: 1_200 });
  });
}

function durabilityRules<World extends ReceiptWorld>(open: Open<World>, reopen: Reopen<World>): void {
  test('[RECEIPTS-11] watermarks and times survive a restart', async () => {
    let before: unknown;
    const look = async (world: World) => [
      await world.receipts.watermarks(C, undefined, 10),
      await world.receipts.passed(C, 4, FIRST),
      await world.receipts.devices(C, 4, 10),
    ];
    await acrossRestart({
      open,
      reopen,
      before: async (world) => {
        await group(world, [ALICE, BOB]);
        await world.receipts.raise([step({ seq: 5 }), step({ seq: 6, device: LAPTOP }), reading({ seq: 4 })]);
        before = await look(world);
      },
      after: async (world) => expect<unknown>(await look(world)).toEqual(before),
    });
  });
}

export function testReceiptStore<World extends ReceiptWorld>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as ReceiptStore`, () => {
    watermarkRules(open);
    passedRules(open);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
