// No statement of this package can break the fence or hide a later write: neither as it is written nor as it is sent.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { ALICE, append, BOB, conversationId, deviceId, makeEntries } from '@parley/ports/conformance/fixture';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { ERASED_BODY } from '@parley/ports/message-store';
import { ID_STATEMENTS } from './id-table.ts';
import { INBOX_STATEMENTS, InboxTable } from './inbox-table.ts';
import { LOG_STATEMENTS } from './log-table.ts';
import { MARK_STATEMENTS, MarkTable } from './mark-table.ts';
import { MESSAGE_CONDITIONS, MESSAGE_READS, MESSAGE_WRITES } from './message-statements.ts';
import { STATE_STATEMENTS } from './state-table.ts';
import { storeOn } from './testing/store-on.ts';
import { TestKeyspace } from './testing/test-keyspace.ts';
import { RecordingSession } from './testing/test-sessions.ts';

setDefaultTimeout(30_000);

const isRead = (query: string) => query.startsWith('SELECT ');
const tableOf = (query: string) => /(?:FROM|UPDATE|INTO) (\w+)/u.exec(query)?.[1];
const OTHERS = [ID_STATEMENTS, INBOX_STATEMENTS, LOG_STATEMENTS, MARK_STATEMENTS, STATE_STATEMENTS];

test('[DESIGN 3b] the message table: one condition in each batch, none that names a seq, no partition is ever deleted', () => {
  for (const query of Object.values(MESSAGE_READS)) expect(isRead(query)).toBe(true);
  for (const query of Object.values(MESSAGE_CONDITIONS))
    expect(query).toMatch(
      /^UPDATE messages SET .* WHERE conversation = \? AND bucket = \? IF (\w+ >?= \?( AND )?)+$/su,
    );
  for (const query of Object.values(MESSAGE_WRITES)) {
    expect(query).not.toContain(' IF ');
    expect(query).not.toContain('TIMESTAMP');
    expect(tableOf(query)).toBe('messages');
    if (query.startsWith('DELETE'))
      expect(query).toMatch(/ AND part (= \d+ AND user = 0 AND seq <= \?|>= 2)$/u);
  }
  expect(MESSAGE_CONDITIONS.floor).not.toMatch(/SET.*(owner_token|head).* WHERE/u);
});

test('[DESIGN 4] every write to another table has its own timestamp, no clock and no TTL; the inbox knows no DELETE', () => {
  const writes = OTHERS.flatMap((statements) => Object.values<string>(statements)).filter(
    (query) => !isRead(query),
  );
  expect(writes.length).toBeGreaterThan(7);
  for (const query of writes) {
    expect(query).toMatch(/^(UPDATE \w+|DELETE FROM \w+) USING TIMESTAMP \? /u);
    expect(query).not.toContain('TTL');
    expect(tableOf(query)).not.toBe('messages');
  }
  for (const query of Object.values(INBOX_STATEMENTS)) expect(query).toMatch(/^(SELECT|UPDATE) /u);
});

test('[DESIGN 4] each table is written in one file', async () => {
  const owners = new Map<string, Set<string>>();
  for (const file of new Bun.Glob('*.ts').scanSync(import.meta.dir)) {
    if (file.endsWith('.test.ts')) continue;
    const text = await Bun.file(`${import.meta.dir}/${file}`).text();
    for (const [, table = ''] of text.matchAll(
      /(?:UPDATE|INSERT INTO|DELETE FROM) ([a-z_]+) (?:USING|SET|\(|WHERE)/gu,
    ))
      owners.set(table, (owners.get(table) ?? new Set()).add(file));
  }
  expect([...owners.keys()].sort()).toEqual(['inbox', 'logs', 'marks', 'message_ids', 'messages', 'states']);
  for (const files of owners.values()) expect(files.size).toBe(1);
});

describeWithEngine('cassandra', (url) => {
  let keyspace: TestKeyspace;
  beforeAll(async () => {
    keyspace = await TestKeyspace.make(url);
  });
  afterAll(() => keyspace[Symbol.asyncDispose]());

  test('[DESIGN 3b] what is sent to the message table is sent on a condition, and all else with a timestamp', async () => {
    const session = new RecordingSession(keyspace.client);
    const messages = storeOn(session, 4);
    const conversation = conversationId(900);
    for (const count of [1, 3, 9, 2]) await append(messages, conversation, makeEntries(count));
    await append(messages, conversation, makeEntries(1, { kind: 'message_edited' }));
    await messages.claim(conversation, 'f'.repeat(16) as never);
    await messages.putStates(conversation, [{ seq: 1, asOf: 16, body: '{}' }]);
    await messages.erase(conversation, [1, 6, 15], ERASED_BODY);
    for (const through of [2, 4, 16]) await messages.drop(conversation, through);
    await new InboxTable(session).advance(conversation, 16, [ALICE, BOB]);
    await new MarkTable(session).raise(ALICE, deviceId(1), [{ conversation, seq: 3 }]);
    expect(session.sent.length).toBeGreaterThan(20);
    for (const { how, queries } of session.sent) {
      if (how === 'write') {
        for (const query of queries) expect(query).toMatch(/USING TIMESTAMP \?/u);
      } else {
        for (const query of queries) expect(tableOf(query)).toBe('messages');
        const conditions = queries.filter((query) => query.includes(' IF '));
        expect(conditions).toHaveLength(1);
        expect(Object.values<string>(MESSAGE_CONDITIONS)).toContain(conditions[0]!);
      }
    }
    const sent = new Set(session.sent.flatMap(({ queries }) => queries));
    const all = [MESSAGE_CONDITIONS, MESSAGE_WRITES, ...OTHERS].flatMap((each) =>
      Object.values<string>(each),
    );
    expect(all.filter((query) => !isRead(query) && !sent.has(query))).toEqual([]);
  });
});
