// Pushes to sessions on other nodes, over the bus and the registry in memory.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryConnectionRegistry } from '@parley/adapter-memory/memory-connection-registry';
import { MemoryBusHub, MemoryNodeBus, type BusMessage } from '@parley/adapter-memory/memory-node-bus';
import type { DeviceId, SessionId, UserId } from '@parley/protocol/ids';
import { RecordedLog } from '../account/account-fixture.ts';
import { LiveSessions, type LiveSession } from '../connection/live-sessions.ts';
import { BUS_FRAME_MAX_BYTES, PUSHES_WAITING_MAX_COUNT } from './delivery-limits.ts';
import { Elsewhere, messagesOf } from './elsewhere.ts';
import { decodePushes, encodePushes } from './push-message.ts';

const ada = '11' as UserId;
const bob = '12' as UserId;
const cyd = '13' as UserId;

class FakeSession implements LiveSession {
  readonly user: UserId;
  readonly device = '21' as DeviceId;
  readonly pushed: string[] = [];

  constructor(user: UserId) {
    this.user = user;
  }

  push(frame: string): void {
    this.pushed.push(frame);
  }

  revoke(): void {}
}

function world() {
  const clock = new FakeClock();
  const timers = new FakeTimers(clock);
  const registry = new MemoryConnectionRegistry(clock);
  const sent: BusMessage[] = [];
  const hub = new MemoryBusHub({
    timers,
    fate: (message) => {
      sent.push(message);
      return [0];
    },
  });
  const finds: (readonly UserId[])[] = [];
  const asked = registry;
  const find = asked.find.bind(asked);
  registry.find = (users) => {
    finds.push(users);
    return find(users);
  };
  let sessionCount = 0;
  const node = async (name: string) => {
    await registry.renew(name, clock.now() + 9_000);
    const sessions = new LiveSessions();
    const looked: LiveSession[] = [];
    const look = (session: LiveSession) => void looked.push(session);
    const bus = new MemoryNodeBus(hub);
    const log = new RecordedLog();
    const elsewhere = new Elsewhere({ node: name, bus, registry, sessions, clock, timers, log, look });
    sessions.join(elsewhere);
    const enter = async (user: UserId) => {
      const session = new FakeSession(user);
      sessions.attach(session);
      const id = String((sessionCount += 1)) as SessionId;
      await registry.register([{ session: id, user, device: session.device, node: name }]);
      return session;
    };
    return { name, sessions, elsewhere, enter, looked, log };
  };
  return { clock, timers, registry, sent, finds, node };
}

test('DESIGN 5: a message for many users on one node crosses the bus once, after one look-up', async () => {
  const { node, timers, sent, finds } = world();
  const [one, other] = [await node('one'), await node('other')];
  const here = await one.enter(ada);
  const there = [await other.enter(bob), await other.enter(cyd), await other.enter(cyd)];
  one.sessions.push([ada, bob, cyd], '{"n":1}');
  one.sessions.push([cyd], '{"n":2}');
  await timers.settle();
  expect(here.pushed).toEqual(['{"n":1}']);
  expect(there.map((session) => session.pushed)).toEqual([
    ['{"n":1}'],
    ['{"n":1}', '{"n":2}'],
    ['{"n":1}', '{"n":2}'],
  ]);
  expect([sent.length, finds.length]).toEqual([1, 1]);
  expect(one.elsewhere.idle).toBe(true);
});

test('DESIGN 5: "no such session" deletes the entry and looks up once more', async () => {
  const { node, timers, registry } = world();
  const [one, stale, fresh] = [await node('one'), await node('stale'), await node('fresh')];
  const gone = await stale.enter(bob);
  stale.sessions.detach(gone, bob);
  one.sessions.push([bob], '"a"');
  // While it is under way the user comes back, on a third node.
  const back = await fresh.enter(bob);
  await timers.settle();
  expect(back.pushed).toContain('"a"');
  expect((await registry.find([bob])).map((route) => route.node)).toEqual(['fresh']);
});

test('it looks up once more and not for ever: two nodes with old entries do not play ball', async () => {
  const { node, timers, sent, registry } = world();
  // The entries stay: whoever is told to drop them does not.
  registry.unregister = () => Promise.resolve();
  const nodes = [await node('one'), await node('two'), await node('three')];
  for (const each of nodes.slice(1)) each.sessions.detach(await each.enter(bob), bob);
  nodes[0]?.sessions.push([bob], '"a"');
  await timers.advance(60_000);
  expect(sent).toHaveLength(4);
});

test('a frame that is too long for the bus becomes a look at the queue', async () => {
  const { node, timers } = world();
  const [one, other] = [await node('one'), await node('other')];
  const session = await other.enter(bob);
  one.sessions.push([bob], `"${'ß'.repeat(BUS_FRAME_MAX_BYTES / 2)}"`);
  one.sessions.push([bob], '"b"');
  await timers.settle();
  expect(session.pushed).toEqual(['"b"']);
  expect(other.looked).toEqual([session]);
});

test('more pushes than may wait are dropped, said once a second, and a registry that fails or hangs stops nobody', async () => {
  const { node, timers, registry } = world();
  const [one, other] = [await node('one'), await node('other')];
  const session = await other.enter(bob);
  registry.find = () => new Promise(() => {});
  one.sessions.push([bob], '"hangs"');
  await timers.settle();
  for (let count = 0; count <= PUSHES_WAITING_MAX_COUNT; count += 1) one.sessions.push([bob], '"x"');
  Reflect.deleteProperty(registry, 'find');
  await timers.advance(1_000);
  expect(session.pushed).toHaveLength(PUSHES_WAITING_MAX_COUNT);
  expect(one.log.lines).toHaveLength(2);
});

test('what cannot be read is ignored: a node of another version may say other things', async () => {
  const users = [ada];
  const good = encodePushes({
    again: false,
    pushes: [
      { users, frame: '{"a":"ü😀"}' },
      { users, frame: '1\n2' },
    ],
  });
  expect(decodePushes(good)?.pushes.map(({ frame }) => frame)).toEqual(['{"a":"ü😀"}', '1\n2']);
  for (const bad of ['', 'x', '{}\n', good.replace('"v":1', '"v":2'), `${good}x`, good.slice(0, -1)]) {
    expect(decodePushes(bad)).toBeUndefined();
  }
});

test('messages are cut where they would be too long for the bus, and order is kept', () => {
  const frame = 'x'.repeat(400_000);
  const pushes = [1, 2, 3, 4, 5].map((number) => ({ users: [String(number) as UserId], frame }));
  const messages = [...messagesOf(pushes)];
  expect(messages.map((each) => each.length)).toEqual([2, 2, 1]);
  expect(messages.flat()).toEqual(pushes);
});
