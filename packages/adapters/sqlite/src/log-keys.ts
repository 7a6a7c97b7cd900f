// The short keys that stand for conversations and senders inside `entries`, with bounded caches in front.
import type { Database, Statement } from 'bun:sqlite';

const CACHED_KEYS_MAX_COUNT = 50_000;

type KeyQuery = Statement<{ key: number }, [string]>;

export class LogKeys {
  readonly #logs = new Map<string, number>();
  readonly #senders = new Map<string, number>();
  readonly #findLog: KeyQuery;
  readonly #findSender: KeyQuery;
  readonly #addSender: KeyQuery;
  #generation = 0;

  constructor(database: Database) {
    this.#findLog = database.prepare('SELECT key FROM logs WHERE id = ?');
    this.#findSender = database.prepare('SELECT key FROM senders WHERE id = ?');
    this.#addSender = database.prepare('INSERT INTO senders (id) VALUES (?) RETURNING key');
  }

  /** Another one after a rollback: whoever remembers what a transaction made forgets it then. */
  get generation(): number {
    return this.#generation;
  }

  /** The key of a log that exists. */
  log(id: string): number {
    const cached = this.#logs.get(id);
    if (cached !== undefined) return cached;
    const found = this.#findLog.get(id);
    if (found === null) throw new Error(`no log ${id}`);
    return remember(this.#logs, id, found.key);
  }

  sender(id: string): number {
    const cached = this.#senders.get(id);
    if (cached !== undefined) return cached;
    const found = this.#findSender.get(id) ?? this.#addSender.get(id);
    if (found === null) throw new Error(`no key for sender ${id}`);
    return remember(this.#senders, id, found.key);
  }

  /** Called when a transaction was rolled back: the keys that it made do not exist. */
  forget(): void {
    this.#generation += 1;
    this.#logs.clear();
    this.#senders.clear();
  }
}

function remember(cache: Map<string, number>, id: string, key: number): number {
  if (cache.size >= CACHED_KEYS_MAX_COUNT) cache.clear();
  cache.set(id, key);
  return key;
}
