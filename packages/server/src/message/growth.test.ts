// A group that grows from two members to thousands while people write in it: every reader has the same log.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { USERS_PER_FRAME_MAX_COUNT } from '@parley/protocol/limits';
import { logOf, membersOf } from '../testing/groups.ts';
import { LogReader } from '../testing/log-reader.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';

const MEMBERS = 5_000;
/** Ada and those who help her to add: one user alone would be too fast [CONV-2]. */
const ADDERS = 6;
const READERS = 24;

/** What reader `at` does: the first look all the time, some now and then, some never, and some are away for a while. */
async function live(fixture: ServerFixture, reader: LogReader, at: number, round: number, token: string) {
  const { client, conversation } = reader;
  if (at % 4 === 1) {
    const conversation_ids = round % 2 === 0 ? [conversation] : [];
    await client?.send({ type: 'view', conversation_ids });
  }
  if (at < ADDERS || at % 6 !== 5) return reader.read();
  if (client === undefined) {
    if (round % 3 === 0) reader.client = await fixture.connect(token);
  } else if (round % 3 === 1) {
    await reader.read();
    client.cut();
    reader.client = undefined;
  }
}

test('[LARGE-2] [GROUP-4] a group grows from 2 members to 5,000 in mid-traffic, and the log of every reader is the same', async () => {
  const fixture = new ServerFixture();
  const clients: (TestClient & { token: string })[] = [];
  for (let at = 0; at < READERS; at++) clients.push(await fixture.join(`reader-${at}`));
  const [ada, bob] = [clients[0] as TestClient, clients[1] as TestClient];
  const group = await ada.group('room', [bob.userId]);
  const rest = clients.slice(2).map((client) => client.userId);
  await ada.change('add_members', group, 'first', { user_ids: rest.slice(0, ADDERS) });
  for (const [at, { userId }] of clients.slice(1, ADDERS).entries())
    await ada.change('set_role', group, `admin-${at}`, { user_id: userId, role: 'admin' });
  const readers = clients.map((client) => new LogReader(group, client));
  for (const client of clients.slice(0, 4)) await client.send({ type: 'view', conversation_ids: [group] });
  const others = [...rest.slice(ADDERS), ...(await fixture.registerMany(MEMBERS - READERS))];
  for (let round = 0; others.length > 0; round++) {
    const adder = clients[round % ADDERS] as TestClient;
    adder.start({
      type: 'add_members',
      conversation_id: group,
      client_msg_id: `add-${round}` as never,
      user_ids: others.splice(0, USERS_PER_FRAME_MAX_COUNT),
    });
    for (const [at, reader] of readers.entries()) write(reader, `r-${round}-${at}`, group);
    await fixture.timers.advance(350);
    for (const [at, reader] of readers.entries())
      await live(fixture, reader, at, round, (clients[at] as { token: string }).token);
  }
  for (const [at, reader] of readers.entries())
    reader.client ??= await fixture.connect((clients[at] as { token: string }).token);
  for (let left = 2; left > 0; left--) {
    await fixture.timers.advance(1_000);
    for (const reader of readers) await reader.read();
  }
  expect(membersOf(fixture, group)).toHaveLength(MEMBERS);
  const rows = logOf(fixture, group);
  const log = rows.map(({ seq, kind, clientMsgId }) => ({ seq, said: `${kind} ${clientMsgId}` }));
  expect(log.length).toBeGreaterThan(300);
  for (const { shown } of readers) expect(shown).toEqual(log);
}, 30_000);

/** Not waited for; one who is no member yet is refused, which is as well. */
function write({ client }: LogReader, text: string, conversation_id: ConversationId): void {
  const content = { kind: 'text' as const, text };
  const messages = [{ client_msg_id: text as never, content }];
  client?.start({ type: 'send', conversation_id, messages });
  // The clock is set by hand: a session that says nothing else is not to end.
  client?.session.heard();
}
