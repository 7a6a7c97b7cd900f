import type { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ConversationId } from '@parley/protocol/ids';
import type { NewEntry, Token } from '@parley/ports/message-store';
import { Checkpointer, type CheckpointFault, LONG_FRAMES, PENDING_FRAMES } from './checkpointer.ts';
import { openReader, openWriter } from './database.ts';
import { openStores, TestFolder } from './test-folder.ts';

const FRAME_BYTES = 4_096 + 24;
const BATCH_FRAMES = 64;

class World implements Disposable {
  readonly folder = new TestFolder();
  readonly file = join(this.folder.directory, 'a.db');
  readonly database = openWriter(this.file);
  readonly faults: CheckpointFault[] = [];
  readonly checkpointer = new Checkpointer({
    database: this.database,
    busyMs: 1_000,
    onFault: (fault) => void this.faults.push(fault),
  });
  #next = 0;

  constructor() {
    this.database.run('CREATE TABLE t (a)');
  }

  /** Commits a batch of about BATCH_FRAMES frames and looks after the WAL. */
  batch(): void {
    this.database.run('BEGIN');
    for (let row = 0; row < BATCH_FRAMES; row += 1) {
      this.database.run('INSERT OR REPLACE INTO t (rowid, a) VALUES (?, zeroblob(3900))', [
        this.#next % 1_000,
      ]);
      this.#next += 1;
    }
    this.database.run('COMMIT');
    this.checkpointer.afterBatch();
  }

  walFrames(): number {
    return statSync(`${this.file}-wal`).size / FRAME_BYTES;
  }

  [Symbol.dispose](): void {
    this.database.close(true);
    this.folder[Symbol.dispose]();
  }
}

const batchesFor = (frames: number): number => Math.ceil(frames / BATCH_FRAMES);
const lookAt = (reader: Database): void => void reader.query('SELECT count(*) FROM t').get();

test('the WAL starts over again and again under steady load', () => {
  using world = new World();
  for (let index = 0; index < batchesFor(5 * PENDING_FRAMES); index += 1) {
    world.batch();
    expect(world.walFrames()).toBeLessThan(PENDING_FRAMES + 3 * BATCH_FRAMES);
  }
  expect(world.faults).toEqual([]);
});

test('a reader that stays lets the WAL grow but holds up nothing, and the space comes back after it', () => {
  using world = new World();
  using reader = openReader(world.file);
  world.batch();
  reader.run('BEGIN');
  lookAt(reader);
  for (let index = 0; index < batchesFor(LONG_FRAMES + PENDING_FRAMES); index += 1) world.batch();
  expect(world.walFrames()).toBeGreaterThan(LONG_FRAMES);
  reader.run('COMMIT');
  for (let index = 0; index < batchesFor(LONG_FRAMES); index += 1) world.batch();
  expect(world.walFrames()).toBeLessThan(PENDING_FRAMES + 3 * BATCH_FRAMES);
  expect(world.faults).toEqual([]);
});

test('truncate empties the WAL, and says so when a reader is in the way', () => {
  using world = new World();
  world.batch();
  expect(world.checkpointer.truncate()).toBe(true);
  expect(world.walFrames()).toBe(0);
  world.batch();
  using reader = openReader(world.file);
  reader.run('BEGIN');
  lookAt(reader);
  world.database.run('PRAGMA busy_timeout = 0');
  world.batch();
  expect(world.checkpointer.truncate()).toBe(false);
});

test('[INV 21] the WAL of the stores is bounded while appends and reads go on', async () => {
  using folder = new TestFolder();
  await using stores = await openStores(folder.directory);
  const token = '00000000000000aa' as Token;
  const body = JSON.stringify({ content: { kind: 'text', text: 'x'.repeat(7_900) } });
  let largest = 0;
  let writing = true;
  const append = async (conversation: ConversationId): Promise<void> => {
    await stores.messages.claim(conversation, token);
    for (let head = 0; head < 1_200; head += 30) {
      const entries = Array.from({ length: 30 }, (_, index) => {
        const id = String(1 + head + index);
        return {
          kind: 'message',
          messageId: id,
          sender: '11',
          clientMsgId: `c-${id}`,
          at: 1,
          body,
        } as NewEntry;
      });
      expect((await stores.messages.append(conversation, token, head, entries)).kind).toBe('applied');
      largest = Math.max(largest, statSync(join(folder.directory, 'parley.db-wal')).size);
    }
  };
  const read = async (conversation: ConversationId): Promise<void> => {
    while (writing)
      await stores.messages.read({ conversation, after: 0, to: 1e9, limit: 200, maxBytes: 1e9 });
  };
  const ids = Array.from({ length: 8 }, (_, index) => String(500 + index) as ConversationId);
  const readers = ids.slice(0, 4).map(read);
  await Promise.all(ids.map(append));
  writing = false;
  await Promise.all(readers);
  // 9,600 entries of two pages and a half each: without checkpoints it would be three times the bound.
  expect(largest).toBeGreaterThan(0);
  expect(largest).toBeLessThan((LONG_FRAMES + 2 * PENDING_FRAMES) * FRAME_BYTES);
}, 60_000);
