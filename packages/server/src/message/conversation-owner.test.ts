// The queue of one conversation's owner: every submission is answered exactly once, whatever fails on the way.
import { expect, test } from 'bun:test';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import { APPEND_BODIES_MAX_CHARS } from '@parley/ports/message-store';
import { ServerFixture } from '../testing/server-fixture.ts';
import { ConversationOwner } from './conversation-owner.ts';
import { OWNERS_FORGOTTEN_AT_ONCE_MAX_COUNT, OWNERS_MAX_COUNT } from './limits.ts';
import type { OwnerContext } from './owner-context.ts';
import { Owners } from './owners.ts';
import type { Change, Messages, Outcome } from './submission.ts';
import { Timelines } from './timelines.ts';

const ADA = '1' as UserId;
const BOB = '2' as UserId;
const STRANGER = '3' as UserId;
const C = '500' as ConversationId;

async function world(ids?: OwnerContext['ids']) {
  const fixture = new ServerFixture();
  const { messages, members, queue, personal } = fixture.stores;
  await members.createConversation({ id: C, createdBy: ADA, kind: 'direct', first: ADA, second: BOB });
  const { clock, timers, log } = fixture;
  const randomness = { bytes: (count: number) => new Uint8Array(count), fraction: () => 0 };
  const timelines = new Timelines(16);
  const announce = () => undefined;
  const blockedSenders = () => Promise.resolve([]);
  const common = {
    blockedSenders,
    messages,
    members,
    queue,
    personal,
    clock,
    timers,
    randomness,
    log,
    timelines,
    announce,
  };
  const context: OwnerContext = { ...common, largeGroupMembers: 100, ids: ids ?? fixture.ids };
  const ended: string[] = [];
  const end = (name: string, outcome: Outcome | undefined) => void ended.push(`${name} ${outcome?.kind}`);
  const send = (name: string, sender: UserId): Messages => ({
    kind: 'messages',
    sender,
    drafts: [{ clientMsgId: name as ClientMsgId, body: '{}' }],
    done: ([outcome]) => end(name, outcome),
  });
  const change = (name: string, decide: Change['decide']): Change => ({
    kind: 'change',
    sender: ADA,
    clientMsgId: name as ClientMsgId,
    entryKind: 'group_renamed',
    decide,
    matches: () => false,
    done: (outcome) => end(name, outcome),
  });
  return { fixture, context, send, change, ended };
}

test('[SEND-6] what was taken for an append is answered once, and the rest too, when a message of it cannot be made', async () => {
  let made = 0;
  const next = () => {
    made += 1;
    if (made === 2) throw new Error('no more ids');
    return String(1_000 + made);
  };
  const { fixture, context, send, ended } = await world({ next });
  const owner = new ConversationOwner(C, context);
  // The stranger is answered while the batch is formed, before it fails.
  for (const each of [send('a', ADA), send('s', STRANGER), send('b', BOB), send('c', ADA)])
    owner.submit(each);
  await fixture.settle();
  expect(ended.toSorted()).toEqual(['a failed', 'b failed', 'c failed', 's failed']);
  expect(owner.lost).toBe(true);
  expect((await context.messages.state(C)).head).toBe(0);
});

test('[SEND-6] a change that cannot be decided is answered once, and so is what waits behind it', async () => {
  const { fixture, context, send, change, ended } = await world();
  const owner = new ConversationOwner(C, context);
  const undecidable = change('x', () => {
    throw new Error('undecidable');
  });
  for (const each of [send('a', ADA), undecidable, send('b', BOB)]) owner.submit(each);
  await fixture.settle();
  expect(ended).toEqual(['a stored', 'x failed', 'b failed']);
  owner.submit(send('late', ADA));
  expect(ended.at(-1)).toBe('late failed');
});

test('[SEND-6] one append carries at most so many characters, and what is left goes into the next', async () => {
  const { fixture, context, send, ended } = await world();
  const { messages } = context;
  const append = messages.append.bind(messages);
  const sizes: number[] = [];
  messages.append = (conversation, token, head, entries) => {
    sizes.push(entries.reduce((sum, entry) => sum + entry.body.length, 0));
    return append(conversation, token, head, entries);
  };
  const owner = new ConversationOwner(C, context);
  const names = Array.from({ length: 40 }, (_, at) => `m${at}`);
  for (const name of names) {
    const body = JSON.stringify({ content: { kind: 'text', text: 'x'.repeat(60_000) } });
    const drafts = [{ clientMsgId: name as ClientMsgId, body }];
    owner.submit({ ...send(name, ADA), drafts });
  }
  await fixture.settle();
  expect(ended).toEqual(names.map((name) => `${name} stored`));
  expect(sizes.length).toBe(3);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(APPEND_BODIES_MAX_CHARS);
});

test('when there are many conversations, those used longest ago are forgotten, few at once and never a busy one', async () => {
  const { fixture, context, send, ended } = await world();
  const owners = new Owners(context);
  const held = fixture.faults.hold('conversation');
  owners.of(C).submit(send('busy', ADA));
  await fixture.settle();
  const id = (at: number) => String(10_000 + at) as ConversationId;
  const first = owners.of(id(1));
  const second = owners.of(id(2));
  for (let at = 3; at < OWNERS_MAX_COUNT; at++) owners.of(id(at));
  expect(owners.of(id(1)) === first).toBe(true);
  expect(owners.size).toBe(OWNERS_MAX_COUNT);
  owners.of(id(OWNERS_MAX_COUNT));
  // Of those looked at one is busy.
  expect(owners.size).toBe(OWNERS_MAX_COUNT + 2 - OWNERS_FORGOTTEN_AT_ONCE_MAX_COUNT);
  expect(owners.of(id(1)) === first).toBe(true);
  expect(owners.of(id(2)) === second).toBe(false);
  held.release();
  await fixture.settle();
  expect(owners.of(C).loaded?.head).toBe(1);
  expect(ended).toEqual(['busy stored']);
});

test('[JOIN-4] an owner at whom users wait to join is not forgotten, and is once they are in', async () => {
  const { fixture, context } = await world();
  const group = '501' as ConversationId;
  const record = { id: group, createdBy: ADA, clientMsgId: 'g' as ClientMsgId, title: 'x' };
  await fixture.stores.members.createConversation({ ...record, kind: 'group', history: 'all' });
  const row = { user: ADA, role: 'owner' as const, joinedSeq: 1, visibleAfter: 0, leftSeq: undefined };
  await fixture.stores.members.apply(group, [{ seq: 1, title: undefined, memberships: [row] }]);
  const owners = new Owners({ ...context, largeGroupMembers: 1 });
  const ended: string[] = [];
  const done = ({ kind }: { kind: string }) => void ended.push(kind);
  for (const sender of [BOB, STRANGER])
    owners.of(group).submit({ kind: 'join', sender, decide: () => 'joins', done });
  await fixture.settle();
  fixture.clock.advance(1);
  owners.sweep(0);
  expect([owners.size, owners.idle, ended.length]).toEqual([1, false, 0]);
  await fixture.timers.advance(1_000);
  expect(ended).toEqual(['member', 'member']);
  fixture.clock.advance(1);
  owners.sweep(0);
  expect([owners.size, owners.idle]).toEqual([0, true]);
});
