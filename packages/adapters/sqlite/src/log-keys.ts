// The short keys that stand for conversations and senders inside `entries`, with bounded caches in front.
import type { Database, Statement } from 'bun:sqlite';

const CACHED_KEYS_MAX_COUNT = 50_000;

/** What the writer remembers of a log. */
export interface KnownLog {
  readonly key: number;
  /** The senders of whom it is known which was the last block with a row: sender, block, sender, block … */
  readonly blocks: number[];
}

type KeyQuery = Statement<{ key: number }, [string]>;

export class LogKeys {
  readonly #logs = new Map<string, KnownLog>();
  readonly #senders = new Map<string, number>();
  readonly #findLog: KeyQuery;
  readonly #findSender: KeyQuery;
  readonly #addSender: KeyQuery;

  constructor(database: Database) {
    this.#findLog = database.prepare('SELECT key FROM logs WHERE id = ?');
    this.#findSender = database.prepare('SELECT key FROM senders WHERE id = ?');
    this.#addSender = database.prepare('INSERT INTO senders (id) VALUES (?) RETURNING key');
  }

  /** A log that exists. */
  log(id: string): KnownLog {
    const cached = this.#logs.get(id);
    if (cached !== undefined) return cached;
    const found = this.#findLog.get(id);
    if (found === null) throw new Error(`no log ${id}`);
    return remember(this.#logs, id, { key: found.key, blocks: [] });
  }

  sender(id: string): number {
    const cached = this.#senders.get(id);
    if (cached !== undefined) return cached;
    const found = this.#findSender.get(id) ?? this.#addSender.get(id);
    if (found === null) throw new Error(`no key for sender ${id}`);
    return remember(this.#senders, id, found.key);
  }

  /** Called when a transaction was rolled back: the keys and the rows that it made do not exist. */
  forget(): void {
    this.#logs.clear();
    this.#senders.clear();
  }
}

function remember<Known>(cache: Map<string, Known>, id: string, known: Known): Known {
  if (cache.size >= CACHED_KEYS_MAX_COUNT) cache.clear();
  cache.set(id, known);
  return known;
}
