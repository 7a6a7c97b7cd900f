// The suite of the offline queue. It gets message and member store too: a store may answer from a join of them.
import { describe, expect, test } from 'bun:test';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Membership } from '../member-store.ts';
import type { QueueRow } from '../offline-queue.ts';
import {
  ALICE,
  append,
  BOB,
  CAROL,
  conversationId,
  deviceId,
  LARGEST_ID,
  makeEntries,
  token,
  userId,
} from './fixture.ts';
import { change, directRecord, groupRecord, membership } from './member-fixture.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

type QueueWorld = Opened<'messages' | 'members' | 'queue'>;

const C = conversationId(500);
const PHONE = deviceId(71);
const LAPTOP = deviceId(72);

/** Writes entries and completes their effects, as the owner does before it acknowledges. */
async function send(
  world: QueueWorld,
  to: ConversationId,
  count: number,
  users: readonly UserId[],
): Promise<number> {
  const head = await append(world.messages, to, makeEntries(count));
  await world.queue.advance(to, head, users);
  return head;
}

async function group(world: QueueWorld, id: ConversationId, members: readonly Membership[]): Promise<void> {
  await world.members.createConversation(groupRecord(id));
  await world.members.apply(id, [change(1, members)]);
}

/** Every row, page by page, with checks that hold for any page. */
async function behind(world: QueueWorld, user: UserId, device = PHONE, limit = 100): Promise<QueueRow[]> {
  const rows: QueueRow[] = [];
  let after: ConversationId | undefined;
  for (let pages = 0; pages < 1_000; pages++) {
    const page = await world.queue.behind(user, device, after, limit);
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    rows.push(...page.rows);
    if (page.next === undefined) return rows;
    expect(BigInt(page.next)).toBeGreaterThan(BigInt(after ?? 0));
    after = page.next;
  }
  throw new Error('the pages do not end');
}

const row = (conversation: ConversationId, head: number, received: number, removed = false): QueueRow => ({
  conversation,
  head,
  received,
  removed,
});

function behindRules(open: Open<QueueWorld>): void {
  test('[QUEUE-1] a device lacks nothing where there is nothing', async () => {
    await using world = await open();
    expect(await world.queue.behind(ALICE, PHONE, undefined, 10)).toEqual({ rows: [], next: undefined });
    await world.members.createConversation(directRecord(C));
    expect(await behind(world, ALICE)).toEqual([]);
  });

  test('[QUEUE-2] a row for each conversation beyond the mark of the device, with head and mark', async () => {
    await using world = await open();
    const other = conversationId(501);
    await world.members.createConversation(directRecord(C));
    await world.members.createConversation(directRecord(other, ALICE, CAROL));
    await send(world, C, 3, [ALICE, BOB]);
    expect(await behind(world, ALICE)).toEqual([row(C, 3, 0)]);
    expect(await behind(world, BOB)).toEqual([row(C, 3, 0)]);
    expect(await behind(world, CAROL)).toEqual([]);
    await send(world, other, 2, [ALICE, CAROL]);
    await world.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq: 2 }]);
    expect(await behind(world, ALICE)).toEqual([row(C, 3, 2), row(other, 2, 0)]);
    await world.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq: 3 }]);
    expect(await behind(world, ALICE)).toEqual([row(other, 2, 0)]);
    await send(world, C, 1, [ALICE, BOB]);
    expect(await behind(world, ALICE)).toEqual([row(C, 4, 3), row(other, 2, 0)]);
  });

  test('[QUEUE-3] rows come in order of id as numbers, whatever their lengths, and pages join without a gap', async () => {
    await using world = await open();
    const ids = ['9', '10', '99', '100', '4096', '9007199254740993', '9223372036854775807'];
    for (const id of [...ids].reverse()) {
      await group(world, conversationId(id), [membership(ALICE)]);
      await send(world, conversationId(id), 2, [ALICE]);
    }
    for (const limit of [1, 2, 3, 6, 7, 8]) {
      expect((await behind(world, ALICE, PHONE, limit)).map((each) => each.conversation as string)).toEqual(
        ids,
      );
    }
    await world.queue.markReceived(ALICE, PHONE, [
      { conversation: conversationId(10), seq: 2 },
      { conversation: conversationId(LARGEST_ID), seq: 2 },
    ]);
    const left = ids.filter((id) => id !== '10' && id !== '9223372036854775807');
    for (const limit of [1, 2, 5, 6]) {
      expect((await behind(world, ALICE, PHONE, limit)).map((each) => each.conversation as string)).toEqual(
        left,
      );
    }
    const { rows } = await world.queue.behind(ALICE, PHONE, conversationId(50), 1);
    expect(rows).toEqual([row(conversationId(99), 2, 0)]);
  });

  test('[QUEUE-4] where no mark was set, `received` is what the user may read from', async () => {
    await using world = await open();
    await group(world, C, [membership(ALICE)]);
    await send(world, C, 4, [ALICE]);
    await world.members.apply(C, [change(5, [membership(BOB, { joinedSeq: 5, visibleAfter: 4 })])]);
    await send(world, C, 2, [ALICE, BOB]);
    expect(await behind(world, BOB)).toEqual([row(C, 6, 4)]);
    expect(await world.queue.received(BOB, PHONE, [C])).toEqual(new Map([[C, 4]]));
    expect(await behind(world, ALICE)).toEqual([row(C, 6, 0)]);
  });

  test('[QUEUE-5] one who was removed is told of the entry that ended it, until it was received, and of no later one', async () => {
    await using world = await open();
    await group(world, C, [membership(ALICE), membership(BOB)]);
    await send(world, C, 4, [ALICE, BOB]);
    await world.members.apply(C, [change(5, [membership(BOB, { leftSeq: 5 })])]);
    await send(world, C, 1, [ALICE, BOB]);
    await send(world, C, 7, [ALICE]);
    expect(await behind(world, BOB)).toEqual([row(C, 5, 0, true)]);
    expect(await behind(world, ALICE)).toEqual([row(C, 12, 0)]);
    await world.queue.markReceived(BOB, PHONE, [{ conversation: C, seq: 4 }]);
    expect(await behind(world, BOB)).toEqual([row(C, 5, 4, true)]);
    await world.queue.markReceived(BOB, PHONE, [{ conversation: C, seq: 5 }]);
    expect(await behind(world, BOB)).toEqual([]);
    expect(await behind(world, BOB, LAPTOP)).toEqual([row(C, 5, 0, true)]);
    await world.members.apply(C, [change(13, [membership(BOB, { joinedSeq: 13 })])]);
    await send(world, C, 1, [ALICE, BOB]);
    expect(await behind(world, BOB)).toEqual([row(C, 13, 5)]);
  });

  test('[QUEUE-6] retention of the log takes no row away', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(C));
    await send(world, C, 5, [ALICE, BOB]);
    await world.messages.drop(C, 5);
    expect(await behind(world, ALICE)).toEqual([row(C, 5, 0)]);
  });
}

function advanceRules(open: Open<QueueWorld>): void {
  test('[QUEUE-7] advance in any order, and again, never moves a head back', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(C));
    await append(world.messages, C, makeEntries(6));
    for (const head of [6, 2, 6, 4, 1, 5, 3]) {
      await world.queue.advance(C, head, [ALICE, BOB]);
      expect(await behind(world, ALICE)).toEqual([row(C, 6, 0)]);
    }
  });

  test('[QUEUE-8] advance beyond the log, by an append that was refused, shows no entry that is not there', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(C));
    await send(world, C, 2, [ALICE, BOB]);
    const [refused] = await Promise.all([
      world.messages.append(C, token(9), 2, makeEntries(3)),
      world.queue.advance(C, 5, [ALICE, BOB]),
    ]);
    expect(refused.kind).toBe('refused');
    expect(await behind(world, ALICE)).toEqual([row(C, 2, 0)]);
    await world.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq: 2 }]);
    expect(await behind(world, ALICE)).toEqual([]);
    await send(world, C, 1, [ALICE, BOB]);
    expect(await behind(world, ALICE)).toEqual([row(C, 3, 2)]);
  });

  test('[QUEUE-9] advance for nobody and for hundreds of members', async () => {
    await using world = await open();
    const users = Array.from({ length: 300 }, (_, index) => userId(10_000 + index));
    await group(
      world,
      C,
      users.map((user) => membership(user)),
    );
    await world.queue.advance(C, 1, []);
    await send(world, C, 1, users);
    for (const user of [users[0]!, users[150]!, users[299]!])
      expect(await behind(world, user)).toEqual([row(C, 1, 0)]);
  });
}

function markRules(open: Open<QueueWorld>): void {
  test('[QUEUE-10] [INV 12] a mark never moves back, also by marks of one call or at the same time', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(C));
    await send(world, C, 9, [ALICE, BOB]);
    const mark = (seq: number) => world.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq }]);
    const received = async () => (await world.queue.received(ALICE, PHONE, [C])).get(C);
    await mark(5);
    await mark(3);
    expect(await received()).toBe(5);
    await Promise.all([mark(6), mark(8), mark(7)]);
    expect(await received()).toBe(8);
    await world.queue.markReceived(ALICE, PHONE, [
      { conversation: C, seq: 9 },
      { conversation: C, seq: 4 },
    ]);
    expect(await received()).toBe(9);
    await world.queue.markReceived(ALICE, PHONE, []);
    expect(await behind(world, ALICE)).toEqual([]);
  });

  test('[QUEUE-11] marks are kept per device and user', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(C));
    await send(world, C, 4, [ALICE, BOB]);
    await world.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq: 4 }]);
    await world.queue.markReceived(ALICE, LAPTOP, [{ conversation: C, seq: 1 }]);
    expect(await behind(world, ALICE, PHONE)).toEqual([]);
    expect(await behind(world, ALICE, LAPTOP)).toEqual([row(C, 4, 1)]);
    expect(await behind(world, ALICE, deviceId(LARGEST_ID))).toEqual([row(C, 4, 0)]);
    expect(await behind(world, BOB, deviceId(80))).toEqual([row(C, 4, 0)]);
  });

  test('[QUEUE-12] received names the marks of the conversations asked for, behind or not', async () => {
    await using world = await open();
    const [other, foreign] = [conversationId(501), conversationId(502)];
    await world.members.createConversation(directRecord(C));
    await world.members.createConversation(directRecord(other, ALICE, CAROL));
    await world.members.createConversation(directRecord(foreign, BOB, CAROL));
    await send(world, C, 2, [ALICE, BOB]);
    await world.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq: 2 }]);
    expect(await world.queue.received(ALICE, PHONE, [C, other, foreign])).toEqual(
      new Map([
        [C, 2],
        [other, 0],
      ]),
    );
    expect(await world.queue.received(ALICE, PHONE, [other])).toEqual(new Map([[other, 0]]));
    expect(await world.queue.received(ALICE, PHONE, [])).toEqual(new Map());
  });

  test('[QUEUE-14] [INV 15] who comes back to a group begins where the history may be read again', async () => {
    await using world = await open();
    await group(world, C, [membership(ALICE), membership(BOB)]);
    await send(world, C, 9, [ALICE, BOB]);
    await world.queue.markReceived(BOB, PHONE, [{ conversation: C, seq: 3 }]);
    await world.members.apply(C, [change(8, [membership(BOB, { joinedSeq: 8, visibleAfter: 7 })])]);
    const { head } = await world.messages.state(C);
    expect(await behind(world, BOB)).toEqual([row(C, head, 7)]);
    expect(await world.queue.received(BOB, PHONE, [C])).toEqual(new Map([[C, 7]]));
    await world.queue.markReceived(BOB, PHONE, [{ conversation: C, seq: head }]);
    expect(await behind(world, BOB)).toEqual([]);
  });
}

function durabilityRules<World extends QueueWorld>(open: Open<World>, reopen: Reopen<World>): void {
  test('[QUEUE-13] [INV 11] heads and marks survive a restart', async () => {
    await acrossRestart({
      open,
      reopen,
      before: async (world) => {
        await world.members.createConversation(directRecord(C));
        await send(world, C, 5, [ALICE, BOB]);
        await world.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq: 3 }]);
      },
      after: async (world) => {
        expect(await behind(world, ALICE)).toEqual([row(C, 5, 3)]);
        expect(await behind(world, BOB)).toEqual([row(C, 5, 0)]);
        await world.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq: 2 }]);
        expect(await world.queue.received(ALICE, PHONE, [C])).toEqual(new Map([[C, 3]]));
      },
    });
  });
}

export function testOfflineQueue<World extends QueueWorld>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as OfflineQueue`, () => {
    behindRules(open);
    advanceRules(open);
    markRules(open);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
