// Erased text is gone from every file of the folder: real threads, real files, searched byte by byte.
import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConversationId } from '@parley/protocol/ids';
import { ERASED_BODY, type NewEntry, type Token } from '@parley/ports/message-store';
import { audit } from './audit.ts';
import { openReader } from './database.ts';
import type { SqliteStores } from './open-sqlite.ts';
import { NO_PAUSE, openStores, TestFolder } from './test-folder.ts';

const CONVERSATION = '500' as ConversationId;
const BUSY = '501' as ConversationId;
const TOKEN = '00000000000000aa' as Token;
/** What the port promises. */
const GONE_WITHIN_MS = 5_000;
/** Beyond the first try, so that there must be another one. */
const READER_MS = 1_600;
const TIMEOUT_MS = 60_000;

let made = 0;
function entry(text: string, kind = 'message'): NewEntry {
  made += 1;
  const id = String(1_000 + made);
  const body = JSON.stringify({ content: { kind: 'text', text } });
  return { kind, messageId: id, sender: '11', clientMsgId: `c-${id}`, at: made, body } as NewEntry;
}

/** The files in which some of the texts are, with the first of them. */
function filesWith(directory: string, texts: readonly string[]): string[] {
  return readdirSync(directory).flatMap((name) => {
    const bytes = readFileSync(join(directory, name));
    const found = texts.find((text) => bytes.includes(text));
    return found === undefined ? [] : [`${name}: ${found}`];
  });
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function expectGone(directory: string, texts: readonly string[]): Promise<void> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  while (filesWith(directory, texts).length > 0 && performance.now() < deadline) await pause(50);
  expect(filesWith(directory, texts)).toEqual([]);
}

/** Appends to a conversation of its own until it is told to stop. */
function keepBusy(stores: SqliteStores): { stop: () => Promise<number> } {
  let going = true;
  const running = (async () => {
    await stores.messages.claim(BUSY, TOKEN);
    let head = 0;
    for (; going; head += 1) {
      expect((await stores.messages.append(BUSY, TOKEN, head, [entry('other')])).kind).toBe('applied');
      // Slowly, so that the WAL does not start over by itself meanwhile.
      await pause(25);
    }
    return head;
  })();
  return {
    stop: () => {
      going = false;
      return running;
    },
  };
}

test(
  'within 5 s of an erase no byte of the message, of its edits and of its states is in any file, while appends go on and an audit is in the way',
  async () => {
    using folder = new TestFolder();
    await using stores = await openStores(folder.directory);
    const { messages } = stores;
    const busy = keepBusy(stores);
    await messages.claim(CONVERSATION, TOKEN);
    const long = 'LONG-MARKER '.repeat(2_000);
    const bodies = [
      entry('MARKER-of-the-message'),
      entry('MARKER-of-the-edit', 'message_edited'),
      entry(long, 'message_edited'),
      entry('KEPT-text'),
      { ...entry('', 'message_deleted'), body: '{"target":1}' },
    ];
    await messages.append(CONVERSATION, TOKEN, 0, bodies);
    await messages.putStates(CONVERSATION, [{ seq: 1, asOf: 2, body: '{"content":"MARKER-of-a-state"}' }]);
    await messages.putStates(CONVERSATION, [{ seq: 1, asOf: 3, body: `{"content":"${long}"}` }]);
    // As the server does it, with a snapshot that is older than the deletion still being read.
    const reader = openReader(join(folder.directory, 'parley.db'));
    reader.run('BEGIN');
    expect(reader.query('SELECT count(*) FROM states').values()).toEqual([[1]]);
    const reading = pause(READER_MS).then(() => {
      expect(filesWith(folder.directory, ['MARKER'])).not.toEqual([]);
      reader.close(true);
    });
    await messages.putStates(CONVERSATION, [{ seq: 1, asOf: 5, body: '{"deleted":true}' }]);
    await messages.erase(CONVERSATION, [1, 2, 3], ERASED_BODY);
    await expectGone(folder.directory, ['MARKER']);
    await reading;
    expect(filesWith(folder.directory, ['KEPT-text'])).not.toEqual([]);
    expect(await busy.stop()).toBeGreaterThan(20);
    const page = await messages.read({
      conversation: CONVERSATION,
      after: 0,
      to: 9,
      limit: 9,
      maxBytes: 1e6,
    });
    expect(page.entries.slice(0, 3).map((each) => each.body)).toEqual([
      ERASED_BODY,
      ERASED_BODY,
      ERASED_BODY,
    ]);
    expect(await audit(folder.directory, NO_PAUSE)).toMatchObject({ holes: 0, not_erased: 0 });
  },
  TIMEOUT_MS,
);

test(
  'a state that is replaced after its message was erased is gone within 5 s as well',
  async () => {
    using folder = new TestFolder();
    await using stores = await openStores(folder.directory);
    const { messages } = stores;
    await messages.claim(CONVERSATION, TOKEN);
    await messages.append(CONVERSATION, TOKEN, 0, [entry('MARKER'), entry('other')]);
    await messages.putStates(CONVERSATION, [{ seq: 1, asOf: 2, body: '{"content":"MARKER"}' }]);
    await messages.erase(CONVERSATION, [1], ERASED_BODY);
    const deadline = performance.now() + GONE_WITHIN_MS;
    const wal = join(folder.directory, 'parley.db-wal');
    while (readFileSync(wal).length > 0 && performance.now() < deadline) await pause(20);
    expect(filesWith(folder.directory, ['MARKER'])).toEqual(['parley.db: MARKER']);
    await messages.putStates(CONVERSATION, [{ seq: 1, asOf: 3, body: '{"deleted":true}' }]);
    await expectGone(folder.directory, ['MARKER']);
  },
  TIMEOUT_MS,
);

test(
  'what the last run could not get out of the WAL, because of a reader, is gone within 5 s of the reader in the next run',
  async () => {
    using folder = new TestFolder();
    const first = await openStores(folder.directory);
    await first.messages.claim(CONVERSATION, TOKEN);
    await first.messages.append(CONVERSATION, TOKEN, 0, [entry('MARKER')]);
    const reader = openReader(join(folder.directory, 'parley.db'));
    reader.run('BEGIN');
    expect(reader.query('SELECT count(*) FROM entries').values()).toEqual([[1]]);
    await first.messages.erase(CONVERSATION, [1], ERASED_BODY);
    await first[Symbol.asyncDispose]();
    await using _second = await openStores(folder.directory);
    expect(filesWith(folder.directory, ['MARKER'])).not.toEqual([]);
    reader.close(true);
    await expectGone(folder.directory, ['MARKER']);
  },
  TIMEOUT_MS,
);
