// [GROUP-2] Every operation that a client may ask for, by everyone who may ask: one table, checked against the server.
import { expect, test } from 'bun:test';
import type { Down } from '@parley/protocol/down';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { SendResult } from '@parley/protocol/send';
import { upSchemas, type Up } from '@parley/protocol/up';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';
import { PERMISSIONS } from './permissions.ts';

const WHO = ['owner', 'admin', 'member', 'former', 'stranger'] as const;
type Who = (typeof WHO)[number];

interface World {
  readonly group: ConversationId;
  readonly plain: UserId;
  readonly otherAdmin: UserId;
  readonly outsider: UserId;
  /** A message of the plain member. */
  readonly message: number;
  /** A message of the one who asks, where that was ever a member. */
  readonly own: number;
  /** A conversation of the one who asks and the outsider. */
  readonly elsewhere: ConversationId;
}

interface Operation {
  readonly name: string;
  readonly type: Up['type'];
  readonly frame: (world: World) => object;
  /** What each gets: `ok`, or the code of the error. In the order of WHO. */
  readonly expected: readonly [string, string, string, string, string];
}

const OK = ['ok', 'ok', 'ok', 'ok', 'ok'] as const;
const id = { client_msg_id: 'under-test' };
const MEMBERS = ['ok', 'ok', 'ok', 'not_found', 'not_found'] as const;
const EVER = ['ok', 'ok', 'ok', 'ok', 'not_found'] as const;
const ADMINS = ['ok', 'ok', 'forbidden', 'not_member', 'not_found'] as const;
const OWNER = ['ok', 'forbidden', 'forbidden', 'not_member', 'not_found'] as const;

const CHANGES = ['ok', 'ok', 'ok', 'not_member', 'not_found'] as const;

const text = { kind: 'text', text: 'x' };
const edit = (target: number) => ({ target, version: target, content: text });

const OPERATIONS: readonly Operation[] = [
  {
    name: 'send',
    type: 'send',
    frame: ({ group }) => ({
      conversation_id: group,
      messages: [{ client_msg_id: 'm', content: { kind: 'text', text: 'x' } }],
    }),
    expected: ['ok', 'ok', 'ok', 'not_member', 'not_member'],
  },
  {
    name: 'pull',
    type: 'pull',
    frame: ({ group }) => ({ conversation_id: group, after: 0 }),
    expected: EVER,
  },
  {
    name: 'received',
    type: 'received',
    frame: ({ group }) => ({ marks: [{ conversation_id: group, seq: 1 }] }),
    expected: EVER,
  },
  {
    name: 'open_direct',
    type: 'open_direct',
    frame: ({ outsider }) => ({ user_id: outsider }),
    expected: OK,
  },
  {
    name: 'create_group',
    type: 'create_group',
    frame: ({ outsider }) => ({ ...id, title: 'mine', member_ids: [outsider] }),
    expected: OK,
  },
  {
    name: 'rename_group',
    type: 'rename_group',
    frame: ({ group }) => ({ ...id, conversation_id: group, title: 'new' }),
    expected: ADMINS,
  },
  { name: 'list_conversations', type: 'list_conversations', frame: () => ({}), expected: OK },
  {
    name: 'get_conversation',
    type: 'get_conversation',
    frame: ({ group }) => ({ conversation_id: group }),
    expected: EVER,
  },
  {
    name: 'add_members',
    type: 'add_members',
    frame: ({ group, outsider }) => ({ ...id, conversation_id: group, user_ids: [outsider] }),
    expected: ADMINS,
  },
  {
    name: 'remove_member of a member',
    type: 'remove_member',
    frame: ({ group, plain }) => ({ ...id, conversation_id: group, user_id: plain }),
    expected: ADMINS,
  },
  {
    name: 'remove_member of an admin',
    type: 'remove_member',
    frame: ({ group, otherAdmin }) => ({ ...id, conversation_id: group, user_id: otherAdmin }),
    expected: OWNER,
  },
  {
    name: 'leave_group',
    type: 'leave_group',
    frame: ({ group }) => ({ ...id, conversation_id: group }),
    expected: ['ok', 'ok', 'ok', 'not_member', 'not_found'],
  },
  {
    name: 'set_role',
    type: 'set_role',
    frame: ({ group, plain }) => ({ ...id, conversation_id: group, user_id: plain, role: 'admin' }),
    expected: OWNER,
  },
  {
    name: 'list_members',
    type: 'list_members',
    frame: ({ group }) => ({ conversation_id: group }),
    expected: MEMBERS,
  },
  {
    name: 'edit_message of another',
    type: 'edit_message',
    frame: ({ group, message }) => ({ ...id, ...edit(message), conversation_id: group }),
    expected: ['forbidden', 'forbidden', 'forbidden', 'not_member', 'not_found'],
  },
  {
    name: 'edit_message of his own',
    type: 'edit_message',
    frame: ({ group, own }) => ({ ...id, ...edit(own), conversation_id: group }),
    expected: CHANGES,
  },
  {
    name: 'delete_message of another',
    type: 'delete_message',
    frame: ({ group, message }) => ({ ...id, conversation_id: group, target: message }),
    expected: ADMINS,
  },
  {
    name: 'delete_message of his own',
    type: 'delete_message',
    frame: ({ group, own }) => ({ ...id, conversation_id: group, target: own }),
    expected: CHANGES,
  },
  {
    name: 'react',
    type: 'react',
    frame: ({ group, message }) => ({ ...id, conversation_id: group, target: message, emoji: '👍' }),
    expected: CHANGES,
  },
  {
    name: 'pin_message',
    type: 'pin_message',
    frame: ({ group, message }) => ({ ...id, conversation_id: group, target: message }),
    expected: ADMINS,
  },
  {
    name: 'get_versions',
    type: 'get_versions',
    frame: ({ group, message }) => ({ conversation_id: group, target: message }),
    expected: EVER,
  },
  {
    name: 'send of a reply in a thread',
    type: 'send',
    frame: ({ group, message }) => ({
      conversation_id: group,
      messages: [{ client_msg_id: 'm', content: text, reply_to: message, thread: message }],
    }),
    expected: ['ok', 'ok', 'ok', 'not_member', 'not_member'],
  },
  {
    name: 'send of a forward from the group',
    type: 'send',
    frame: ({ group, message, elsewhere }) => ({
      conversation_id: elsewhere,
      messages: [{ client_msg_id: 'm', forward: { conversation_id: group, seq: message } }],
    }),
    expected: EVER,
  },
  { name: 'find_users', type: 'find_users', frame: ({ plain }) => ({ ids: [plain] }), expected: OK },
];

/** Frames of the session itself: they name no conversation. */
const NO_OPERATION: readonly Up['type'][] = ['hello', 'heartbeat'];

test('every frame that a client may send stands in the table', () => {
  const types = upSchemas.map((schema) => schema.shape.type.def.values[0]);
  const inTable = new Set<string>([...NO_OPERATION, ...OPERATIONS.map((operation) => operation.type)]);
  expect(types.filter((type) => type === undefined || !inTable.has(type))).toEqual([]);
});

async function build(asker: Who = 'owner') {
  const fixture = new ServerFixture();
  const clients = {} as Record<Who, TestClient>;
  for (const who of WHO) clients[who] = await fixture.join(who);
  const other = await fixture.join('plain');
  const [otherAdmin, outsider] = (await fixture.registerMany(2)) as [UserId, UserId];
  const { owner, admin, member, former } = clients;
  const plain = other.userId;
  const group = await owner.group('room', [admin.userId, member.userId, former.userId, plain, otherAdmin]);
  const message = seqOf(await other.text(group, 'of a member'));
  const own = asker === 'stranger' ? message : seqOf(await clients[asker].text(group, 'my own'));
  const elsewhere = await clients[asker].direct(other.userId);
  for (const user_id of [admin.userId, otherAdmin])
    await owner.change('set_role', group, `a-${user_id}`, { user_id, role: 'admin' });
  await owner.change('remove_member', group, 'r', { user_id: former.userId });
  const world: World = { group, plain, otherAdmin, outsider, message, own, elsewhere };
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
    const { fixture, clients, world } = await build(who);
    const client = clients[who];
    const before = fixture.stores.world.state.logs.get(world.group)?.head;
    const request = { type: operation.type, ...operation.frame(world) };
    client.clear();
    if (operation.type === 'received') {
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
  CASES.filter((each) => each.operation.type !== 'received').map(
    (each) => [each.operation.name, each.who, each] as const,
  ),
)(
  '[HELLO-6] [GROUP-2] %s by %s with a revoked token is not carried out',
  async (_name, _who, { operation, who }) => {
    const { fixture, clients, world } = await build(who);
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
    remove_member: ['owner', 'admin'],
    remove_admin: ['owner'],
    set_role: ['owner'],
    leave: ['owner', 'admin', 'member'],
    pin: ['owner', 'admin'],
    delete_any: ['owner', 'admin'],
  });
});
