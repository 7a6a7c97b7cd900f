// [GROUP-2] Every operation that a client may ask for, by everyone who may ask: one table, checked against the server.
import { expect, test } from 'bun:test';
import type { Down } from '@parley/protocol/down';
import type { MessageId, UserId } from '@parley/protocol/ids';
import type { SendResult } from '@parley/protocol/send';
import { upSchemas, type Up } from '@parley/protocol/up';
import { OF_MESSAGES_AND_MEMBERS, WHO, type Operation, type Who, type World } from '../testing/operations.ts';
import { OF_GROUPS } from '../testing/operations-of-groups.ts';
import { OF_READING } from '../testing/operations-of-reading.ts';
import { OF_USERS } from '../testing/operations-of-users.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';
import { PERMISSIONS } from './permissions.ts';

const OPERATIONS: readonly Operation[] = [
  ...OF_MESSAGES_AND_MEMBERS,
  ...OF_GROUPS,
  ...OF_READING,
  ...OF_USERS,
];
/** Never answered, but for a refusal. */
const SIGNALS: readonly Up['type'][] = ['received', 'view', 'typing'];

/** Frames of the session itself: they name no conversation. */
const NO_OPERATION: readonly Up['type'][] = ['hello', 'heartbeat'];

test('every frame that a client may send stands in the table', () => {
  const types = upSchemas.map((schema) => schema.shape.type.def.values[0]);
  const inTable = new Set<string>([...NO_OPERATION, ...OPERATIONS.map((operation) => operation.type)]);
  expect(types.filter((type) => type === undefined || !inTable.has(type))).toEqual([]);
});

async function build(asker: Who = 'owner', settings?: object) {
  const fixture = new ServerFixture();
  const clients = {} as Record<Who, TestClient>;
  for (const who of WHO) clients[who] = await fixture.join(who);
  const other = await fixture.join('plain');
  const many = await fixture.registerMany(4);
  const [otherAdmin, outsider, gone, banned] = many as [UserId, UserId, UserId, UserId];
  const { owner, admin, member, former } = clients;
  const plain = other.userId;
  const group = await owner.group('room', [admin.userId, member.userId, former.userId, plain, otherAdmin]);
  const sent = await other.text(group, 'of a member');
  const message = seqOf(sent);
  const messageId = 'message_id' in sent ? sent.message_id : ('1' as MessageId);
  const own = asker === 'stranger' ? message : seqOf(await clients[asker].text(group, 'my own'));
  const elsewhere = await clients[asker].direct(other.userId);
  for (const user_id of [admin.userId, otherAdmin])
    await owner.change('set_role', group, `a-${user_id}`, { user_id, role: 'admin' });
  await owner.change('remove_member', group, 'r', { user_id: former.userId });
  await owner.change('add_members', group, 'add', { user_ids: [gone, banned] });
  await owner.change('remove_member', group, 'gone', { user_id: gone });
  await owner.change('remove_member', group, 'ban', { user_id: banned, ban: true });
  const made = await owner.request({ type: 'create_invite', conversation_id: group });
  if (made.type !== 'invite') throw new Error(JSON.stringify(made));
  if (settings !== undefined) await owner.change('set_group', group, 'set', settings);
  const about = { group, plain, otherAdmin, outsider, gone, banned, message, messageId, own, elsewhere };
  const world: World = { ...about, code: made.invite.code };
  return { fixture, clients, world };
}

function seqOf(result: SendResult): number {
  if ('seq' in result) return result.seq;
  throw new Error(JSON.stringify(result));
}

function codeOf(answer: Down | undefined): string {
  if (answer?.type === 'error') return answer.code;
  const [result] = answer?.type === 'sent' ? answer.results : [];
  return result !== undefined && 'error' in result ? result.error.code : 'ok';
}

const CASES = OPERATIONS.flatMap((operation) =>
  WHO.map((who, at) => ({ operation, who, code: operation.expected[at] as string })),
);

test.each(CASES.map((each) => [each.operation.name, each.who, each.code, each] as const))(
  '[GROUP-2] %s by %s: %s',
  async (_name, _who, code, { operation, who }) => {
    const { fixture, clients, world } = await build(who, operation.settings);
    const client = clients[who];
    const before = fixture.stores.world.state.logs.get(world.group)?.head;
    const request = { type: operation.type, ...operation.frame(world) };
    client.clear();
    if (SIGNALS.includes(operation.type)) {
      await client.send(request as Up);
      expect(client.faults).toEqual(code === 'ok' ? [] : [code]);
      return;
    }
    expect(codeOf(await client.request(request as never))).toBe(code);
    const after = fixture.stores.world.state.logs.get(world.group)?.head;
    if (code !== 'ok') expect(after).toBe(before as number);
  },
);

test.each(
  CASES.filter((each) => !SIGNALS.includes(each.operation.type)).map(
    (each) => [each.operation.name, each.who, each] as const,
  ),
)(
  '[HELLO-6] [GROUP-2] %s by %s with a revoked token is not carried out',
  async (_name, _who, { operation, who }) => {
    const { fixture, clients, world } = await build(who, operation.settings);
    const client = clients[who];
    const { device_id } = client.last('welcome');
    const token = (client as TestClient & { token: string }).token;
    await fixture.server.accounts.logout(token, '127.0.0.1');
    const before = JSON.stringify([...fixture.stores.world.state.logs.values()].map((log) => log.head));
    client.clear();
    client.start({ type: operation.type, ...operation.frame(world) } as never);
    await fixture.settle();
    expect(client.frames).toEqual([]);
    expect(JSON.stringify([...fixture.stores.world.state.logs.values()].map((log) => log.head))).toBe(before);
    expect(fixture.stores.world.state.devices.has(device_id)).toBe(false);
  },
);

test('[GROUP-2] an admin may not remove the owner, and nobody removes himself', async () => {
  const { clients, world } = await build();
  const { owner, admin } = clients;
  expect(await admin.change('remove_member', world.group, 'x', { user_id: owner.userId })).toMatchObject({
    code: 'forbidden',
  });
  for (const [client, code] of [
    [owner, 'invalid_field'],
    [admin, 'invalid_field'],
  ] as const) {
    expect(await client.change('remove_member', world.group, 'y', { user_id: client.userId })).toMatchObject({
      code,
    });
  }
});

test('[GROUP-2] the table of the server is that of the protocol', () => {
  const allowed = Object.entries(PERMISSIONS).map(([action, roles]) => {
    return [action, Object.entries(roles).flatMap(([role, may]) => (may ? [role] : []))];
  });
  expect(Object.fromEntries(allowed)).toEqual({
    send: ['owner', 'admin', 'member'],
    rename: ['owner', 'admin'],
    add: ['owner', 'admin'],
    invite: ['owner', 'admin'],
    ban: ['owner', 'admin'],
    unban: ['owner', 'admin'],
    set_group: ['owner', 'admin'],
    announce: ['owner', 'admin'],
    remove_member: ['owner', 'admin'],
    remove_admin: ['owner'],
    set_role: ['owner'],
    leave: ['owner', 'admin', 'member'],
    pin: ['owner', 'admin'],
    delete_any: ['owner', 'admin'],
    see_reports: ['owner', 'admin'],
  });
});
