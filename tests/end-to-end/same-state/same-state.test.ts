// Whatever happened, and whoever was away when: all that look at a conversation see the same.
import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { login } from '@parley/client';
import { until } from '../lib/poll.ts';
import { Scope } from '../lib/scope.ts';
import { scopePerTest } from '../lib/test-scope.ts';
import { ChatView } from './chat-view.ts';
import { describeOnEngines } from '../lib/test-stores.ts';
import { startWorld, type StoresName } from './world.ts';

// Sets the time a test may take.
scopePerTest();

const NAMES = ['ada', 'bob', 'cyd'] as const;
const KINDS = [
  'send',
  'send',
  'edit',
  'delete',
  'react',
  'pin',
  'reply',
  'thread',
  'read',
  'hide',
  'away',
  'back',
] as const;

const step = fc.record({
  kind: fc.constantFrom(...KINDS),
  who: fc.nat(NAMES.length - 1),
  where: fc.nat(1),
  /** Counted from the newest message. */
  target: fc.nat(5),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Two installations each: one stays, one comes and goes. */
interface User {
  readonly account: { url: string; token: string; user_id: string };
  readonly stays: ChatView;
  readonly comes: ChatView;
}

async function start(kind: StoresName, scope: Scope) {
  const world = await startWorld(kind, scope);
  const users: User[] = [];
  for (const name of NAMES) {
    const account = await world.account(name);
    const phone = await login({ url: world.url, name, password: 'a fine password' });
    const user: User = {
      account,
      stays: new ChatView(account),
      comes: new ChatView({ ...account, token: phone.token }),
    };
    await user.stays.connect();
    await user.comes.connect();
    users.push(user);
    scope.atEnd(() => user.stays.disconnect());
    scope.atEnd(() => user.comes.disconnect());
  }
  const [ada, bob, cyd] = users as [User, User, User];
  const group = await ada.stays.client.createGroup({
    title: 'room',
    members: [{ user_id: bob.account.user_id }, { user_id: cyd.account.user_id }],
  });
  const direct = await ada.stays.client.openDirect({ user_id: bob.account.user_id });
  return { world, users, conversations: [group.conversation_id, direct.conversation_id] as const };
}

/** What is not allowed is refused, and makes no history. */
async function take(user: User, conversation: string, { kind, target }: Step, text: string): Promise<void> {
  const { client } = user.stays;
  const seq = Math.max(1, user.stays.head(conversation) - target);
  switch (kind) {
    case 'send':
      return void (await client.send(
        conversation,
        text,
        target === 0 ? { mentions: { everyone: 'all' } } : {},
      ));
    case 'edit':
      return void (await client.editMessage(conversation, seq, `${text}, edited`));
    case 'delete':
      return void (await client.deleteMessage(conversation, seq));
    case 'react':
      return void (await client.react(conversation, seq, '👍'));
    case 'pin':
      return void (await client.pinMessage(conversation, seq));
    case 'reply':
      return void (await client.send(conversation, text, { replyTo: seq }));
    case 'thread':
      return void (await client.send(conversation, text, { thread: seq }));
    case 'read':
      return void (await client.reading.markRead(conversation, seq));
    case 'hide':
      return void (await client.reading.hide(conversation, seq));
    case 'away':
      return user.comes.disconnect();
    case 'back':
      return user.comes.connected ? undefined : user.comes.connect();
  }
}

async function run(kind: StoresName, steps: readonly Step[]): Promise<void> {
  await using scope = new Scope();
  const { world, users, conversations } = await start(kind, scope);
  const ofUser = (who: number) => conversations.slice(0, who < 2 ? 2 : 1);
  for (const [at, each] of steps.entries()) {
    const user = users[each.who] as User;
    const conversation = ofUser(each.who)[each.where] ?? conversations[0];
    await take(user, conversation, each, `text ${at}`).catch(isRefusal);
  }
  for (const [who, user] of users.entries()) {
    if (!user.comes.connected) await user.comes.connect();
    const tablet = await login({ url: world.url, name: NAMES[who] as string, password: 'a fine password' });
    const fresh = new ChatView({ ...user.account, token: tablet.token });
    await fresh.connect();
    scope.atEnd(() => fresh.disconnect());
    for (const conversation of ofUser(who)) {
      const { head } = await user.stays.client.conversation(conversation);
      const views = [user.stays, user.comes, fresh];
      await until('everyone has everything', () => views.every((view) => view.head(conversation) === head));
      // Marks are stored within seconds: what is compared is what all of them end with.
      await until('all see the same', async () => {
        const [first, ...others] = await Promise.all(views.map((view) => view.shown(conversation)));
        return others.every((other) => Bun.deepEquals(other, first));
      }).catch(() => undefined);
      const [stays, comes, late] = await Promise.all(views.map((view) => view.shown(conversation)));
      expect({ who, conversation, shown: comes }).toEqual({ who, conversation, shown: stays });
      expect({ who, conversation, shown: late }).toEqual({ who, conversation, shown: stays });
    }
  }
}

function isRefusal(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'ParleyError') throw error;
}

function sameOn(kind: StoresName, runsCount: number): void {
  test(`[INV 10] [STATE-2] [READ-2] live, after a resync and fresh: all installations see the same, on ${kind}`, async () => {
    const given = process.env['PARLEY_TEST_SEED'];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) =>
        run(kind, steps),
      ),
      {
        numRuns: runsCount,
        endOnFailure: true,
        ...(given === undefined ? {} : { seed: Number(given) }),
      },
    );
  });
}

sameOn('memory', 40);
sameOn('embedded', 15);
describeOnEngines((kind) => sameOn(kind, kind === 'postgres' ? 4 : 2));
