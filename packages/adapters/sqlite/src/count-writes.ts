// Keeps the running counts of a log beside its entries: what an append adds to them, and what a drop leaves.
import type { Database, Statement } from 'bun:sqlite';
import { COMMON_KIND } from './entry-row.ts';
import type { KnownLog, LogKeys } from './log-keys.ts';
import { blockOf, firstOfBlock, LogCounts } from './log-counts.ts';
import { ENTRY_FIELDS_COUNT } from './write-calls.ts';

type Binding = string | number;

/** Senders of one log that are remembered: of a large group only some are, and the others are looked up. */
const REMEMBERED_SENDERS_MAX_COUNT = 64;

function prepareStatements(database: Database) {
  const prepare = <Row>(sql: string): Statement<Row, Binding[]> => database.prepare<Row, Binding[]>(sql);
  return {
    beginBlock: prepare<never>(
      `INSERT INTO sent_counts (log, sender, block, sent_before) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ),
    addChange: prepare<never>('INSERT INTO change_counts (log, seq, changes) VALUES (?, ?, ?)'),
    floorChanges: prepare<{ changes: number }>('SELECT floor_changes AS changes FROM logs WHERE key = ?'),
    sendersUpTo: prepare<{ sender: number }>(
      'SELECT DISTINCT sender FROM entries WHERE log = ? AND seq <= ? AND kind IS NULL',
    ),
    dropBlocks: prepare<never>('DELETE FROM sent_counts WHERE log = ? AND sender = ? AND block < ?'),
    dropBlock: prepare<never>(
      `DELETE FROM sent_counts WHERE log = ?1 AND sender = ?2 AND block = ?3 AND NOT EXISTS (
         SELECT 1 FROM entries WHERE log = ?1 AND seq > ?4 AND seq < ?5 AND sender = ?2 AND kind IS NULL)`,
    ),
    dropChanges: prepare<never>('DELETE FROM change_counts WHERE log = ? AND seq <= ?'),
    setFloorChanges: prepare<never>('UPDATE logs SET floor_changes = ? WHERE key = ?'),
  };
}

export class CountWrites {
  readonly #keys: LogKeys;
  readonly #counts: LogCounts;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database, keys: LogKeys) {
    this.#keys = keys;
    this.#counts = new LogCounts(database);
    this.#statements = prepareStatements(database);
  }

  /** The entries are there, after `head`; `fields` are as an append has them. */
  appended(log: KnownLog, head: number, fields: readonly (string | number)[]): void {
    let changes: number | undefined;
    for (let index = 0, seq = head + 1; index < fields.length; index += ENTRY_FIELDS_COUNT, seq += 1) {
      if (fields[index] === COMMON_KIND) {
        const sender = this.#keys.sender(fields[index + 2] as string);
        const block = blockOf(seq);
        if (!isKnown(log.blocks, sender, block)) this.#beginBlock(log, sender, block);
      } else {
        changes = (changes ?? this.#changesUpTo(log.key, head)) + 1;
        this.#statements.addChange.run(log.key, seq, changes);
      }
    }
  }

  /** Call it while the entries up to `through`, which becomes the floor, are still there. */
  dropping({ key: log, blocks }: KnownLog, through: number): void {
    const statements = this.#statements;
    const changes = this.#changesUpTo(log, through);
    const block = blockOf(through);
    for (const { sender } of statements.sendersUpTo.all(log, through)) {
      statements.dropBlocks.run(log, sender, block);
      statements.dropBlock.run(log, sender, block, through, firstOfBlock(block + 1));
    }
    statements.dropChanges.run(log, through);
    statements.setFloorChanges.run(changes, log);
    blocks.length = 0;
  }

  #beginBlock({ key, blocks }: KnownLog, sender: number, block: number): void {
    this.#statements.beginBlock.run(key, sender, block, this.#counts.sentBefore(key, sender, block));
    const known = senderAt(blocks, sender);
    if (known !== undefined) blocks[known + 1] = block;
    else {
      if (blocks.length >= 2 * REMEMBERED_SENDERS_MAX_COUNT) blocks.length = 0;
      blocks.push(sender, block);
    }
  }

  #changesUpTo(log: number, seq: number): number {
    return this.#counts.changesUpTo(log, seq) ?? this.#statements.floorChanges.get(log)?.changes ?? 0;
  }
}

function isKnown(blocks: readonly number[], sender: number, block: number): boolean {
  const at = senderAt(blocks, sender);
  return at !== undefined && blocks[at + 1] === block;
}

/** Few wrote lately in most logs: to look through them costs less than a map for each log, in time and in memory. */
function senderAt(blocks: readonly number[], sender: number): number | undefined {
  for (let at = 0; at < blocks.length; at += 2) if (blocks[at] === sender) return at;
  return undefined;
}
