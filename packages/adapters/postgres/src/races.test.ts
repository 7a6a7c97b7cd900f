// Two nodes on one PostgreSQL that do the same thing at the same time: what the suites, on one store each, cannot show.
import { expect, test } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import {
  ALICE,
  append,
  BOB,
  CAROL,
  conversationId,
  deviceId,
  makeEntries,
  userId,
} from '@parley/ports/conformance/fixture';
import { change, groupRecord, membership } from '@parley/ports/conformance/member-fixture';
import type { InviteRecord } from '@parley/ports/invite-store';
import type { ReceiptStep } from '@parley/ports/receipt-store';
import { openPostgres } from './open-postgres.ts';
import { testWorlds, type World, type Worlds } from './test-worlds.ts';

const TURNS_COUNT = 20;
const C = conversationId(500);

async function twoNodes(worlds: Worlds) {
  const one: World = await worlds.open();
  const other = await openPostgres(one.options);
  return {
    one,
    other,
    [Symbol.asyncDispose]: async () => {
      await other[Symbol.asyncDispose]();
      await one[Symbol.asyncDispose]();
    },
  };
}

const invite = (code: string): InviteRecord => ({
  code,
  conversation: C,
  createdBy: ALICE,
  createdAt: 1,
  expiresAt: 1_000,
  usesMax: 1,
  uses: 0,
});

function inviteRaces(worlds: Worlds): void {
  test('of two who come at once by the last use of an invitation, one is let in', async () => {
    await using nodes = await twoNodes(worlds);
    for (let turn = 0; turn < TURNS_COUNT; turn++) {
      const { code } = invite(`code-${turn}`);
      await nodes.one.invites.create(invite(code), 100);
      const outcomes = await Promise.all([
        nodes.one.invites.use(code, BOB, 10),
        nodes.other.invites.use(code, CAROL, 10),
      ]);
      expect(outcomes.filter(({ kind }) => kind === 'used')).toHaveLength(1);
      expect((await nodes.one.invites.invite(code))?.uses).toBe(1);
    }
  });

  test('a use, its return and the end of the invitation at once leave uses as many as users', async () => {
    await using nodes = await twoNodes(worlds);
    const { one, other } = { one: nodes.one.invites, other: nodes.other.invites };
    for (let turn = 0; turn < TURNS_COUNT; turn++) {
      const { code } = invite(`code-${turn}`);
      await one.create(invite(code), 100);
      await one.use(code, BOB, 10);
      const ended = turn % 2 === 0;
      await Promise.all([
        one.use(code, CAROL, 10),
        other.giveBack(code, BOB),
        one.giveBack(code, BOB),
        other.use(code, BOB, 10),
        ...(ended ? [one.revoke(C, code), other.dropExpired(2_000)] : []),
      ]);
      if (ended) {
        expect(await one.invite(code)).toBeUndefined();
        continue;
      }
      // Whoever is in comes again, and takes no second use.
      const uses = (await one.invite(code))?.uses;
      const again = [await one.use(code, BOB, 10), await one.use(code, CAROL, 10)];
      expect(again.filter(({ kind }) => kind === 'used')).toHaveLength(1);
      expect([0, 1]).toContain(uses as number);
      expect((await one.invite(code))?.uses).toBe(1);
    }
  });
}

function receiptRaces(worlds: Worlds): void {
  const users = Array.from({ length: 12 }, (_, index) => userId(100 + index));
  const step = (user: (typeof users)[number], seq: number): ReceiptStep => ({
    conversation: C,
    user,
    device: deviceId(7),
    seq,
    at: seq * 100,
    timed: true,
  });

  test('of raises at once each watermark is told once, and every seq has the time of the step that passed it', async () => {
    await using nodes = await twoNodes(worlds);
    await nodes.one.members.createConversation(groupRecord(C));
    await nodes.one.members.apply(C, [
      change(
        1,
        users.map((user) => membership(user)),
      ),
    ]);
    const told = new Map(users.map((user) => [user, [] as number[]]));
    const raise = async (node: typeof nodes.other, steps: readonly ReceiptStep[]) => {
      for (const { row } of await node.receipts.raise(steps)) told.get(row.user)?.push(row.received);
    };
    for (let turn = 0; turn < TURNS_COUNT; turn++) {
      const [lower, higher] = [turn * 10 + 3, turn * 10 + 8];
      // In opposite orders: both wait for rows of the other, if they can.
      await Promise.all([
        raise(
          nodes.one,
          users.map((user) => step(user, lower)),
        ),
        raise(nodes.other, users.map((user) => step(user, higher)).reverse()),
        raise(
          nodes.one,
          users.map((user) => step(user, higher)),
        ),
      ]);
      for (const user of users) {
        const news = told.get(user)?.splice(0) ?? [];
        expect(new Set(news).size).toBe(news.length);
        expect(news).toContain(higher);
      }
      // The lower one came first, or not at all.
      for (const [seq, times] of [
        [lower, [lower * 100, higher * 100]],
        [higher, [higher * 100]],
      ] as const) {
        const page = { except: ALICE, after: undefined, limit: 100 };
        const { rows } = await nodes.one.receipts.passed(C, seq, page);
        expect(rows).toHaveLength(users.length);
        for (const { delivered } of rows) expect(times as readonly unknown[]).toContain(delivered?.at);
      }
    }
  });
}

function personalRaces(worlds: Worlds): void {
  const mention = (asOf: number, users: readonly (typeof ALICE)[]) => [
    { seq: 2, sender: BOB, users, everyone: false, asOf },
  ];

  test('of mentions of one message set at once, those of the later entry stand', async () => {
    await using nodes = await twoNodes(worlds);
    const { messages, members, personal } = nodes.one;
    await members.createConversation(groupRecord(C));
    await members.apply(C, [change(1, [membership(ALICE), membership(CAROL)])]);
    await append(messages, C, makeEntries(3, { sender: BOB }));
    for (let turn = 0; turn < TURNS_COUNT; turn++) {
      const [earlier, later] = turn % 2 === 0 ? [ALICE, CAROL] : [CAROL, ALICE];
      await Promise.all([
        personal.setMentions(C, mention(turn * 10 + 1, [earlier])),
        nodes.other.personal.setMentions(C, mention(turn * 10 + 2, [later])),
      ]);
      const counts = await Promise.all(
        [earlier, later].map(async (user) => (await personal.standings(user, [C], [])).get(C)?.mentions),
      );
      expect(counts).toEqual([0, 1]);
    }
  });

  test('messages hidden at once on two nodes have one number each, and no number is left out', async () => {
    await using nodes = await twoNodes(worlds);
    const seqs = Array.from({ length: 30 }, (_, index) => index + 1);
    const [one, other] = await Promise.all(
      [nodes.one, nodes.other].map(({ personal }) =>
        Promise.all(seqs.map((seq) => personal.hide(ALICE, C, seq))),
      ),
    );
    expect(one).toEqual(other as number[]);
    expect([...(one as number[])].sort((a, b) => a - b)).toEqual(seqs);
  });
}

describeWithEngine('postgres', (url) => {
  const worlds = testWorlds(url);
  inviteRaces(worlds);
  receiptRaces(worlds);
  personalRaces(worlds);
});
