// Access that ends while a socket is open: a member is removed, a user signs out.
import { expect, test } from 'bun:test';
import { pause, until } from './lib/poll.ts';
import { scopePerTest } from './lib/test-scope.ts';
import { post, textFrame, WireSession } from './lib/wire-session.ts';
import { accountAt, openWorld } from './lib/world.ts';

const scope = scopePerTest();
const QUIET_MS = 500;

test('[ENTRY-3] [INV 15, PULL-4, SYNC-5] a removed member gets its removal on an open socket, and nothing after it', async () => {
  const { accounts, group, session } = await openWorld(scope(), ['ada', 'bob', 'cyd']);
  const [ada, bob, cyd] = [await session(0), await session(1), await session(2)];
  const { user_id } = accountAt(accounts, 1);
  // Sends and pulls go on before, during and after the removal.
  const changed = (): boolean => ada.frames.some(({ type }) => type === 'changed');
  let index = 0;
  for (let after = 0; after < 100; index++) {
    ada.begin(textFrame(group, `a-${index}`, 'to whoever is a member'));
    cyd.begin(textFrame(group, `c-${index}`, 'to whoever is a member'));
    bob.begin({ type: 'pull', conversation_id: group, after: index });
    if (index === 100)
      ada.begin({ type: 'remove_member', client_msg_id: 'removal', conversation_id: group, user_id });
    if (index % 5 === 0) await pause(1);
    if (changed()) after++;
  }
  const { seq: removal } = (await ada.frame('changed')) as { seq: number };
  const head = 2 + 2 * index;
  await until('the others have it all', () => Number(ada.pushed(group).at(-1)?.['seq'] ?? 0) === head);
  await pause(QUIET_MS);

  const entries = bob.frames.flatMap(({ entries: list }) => (list ?? []) as { seq: number; kind: string }[]);
  expect(Math.max(...entries.map(({ seq }) => seq))).toBe(removal);
  expect(entries.find(({ seq }) => seq === removal)?.kind).toBe('member_removed');
  expect(removal).toBeLessThan(head);
  const pulled = await bob.request({ type: 'pull', conversation_id: group, after: removal - 1 });
  expect(pulled).toMatchObject({ through: removal, head: removal, entries: [{ kind: 'member_removed' }] });
  const later = await bob.request({ type: 'pull', conversation_id: group, after: removal });
  expect(later).toMatchObject({ entries: [], head: removal });
  const sent = await bob.text(group, 'too-late', 'x');
  expect(sent['results']).toMatchObject([{ error: { code: 'not_member' } }]);
});

test('[HTTP-3] [HELLO-6] signing out closes the live socket with 4401 within 5 s, and the token is of no use', async () => {
  const { server, accounts, session } = await openWorld(scope(), ['ada', 'bob']);
  const { token } = accountAt(accounts, 0);
  const sockets = [await session(0), await session(0)];
  const other = await session(1);
  expect((await post(server.url, 'logout', { token })).status).toBe(204);
  for (const socket of sockets) expect(await socket.closes(5_000)).toBe(4401);
  const again = await WireSession.open(server.url);
  again.send({ type: 'hello', version: 1, token });
  expect(await again.closes()).toBe(4401);
  expect((await post(server.url, 'logout', { token })).status).toBe(401);
  expect(other.closed).toBeUndefined();
});
