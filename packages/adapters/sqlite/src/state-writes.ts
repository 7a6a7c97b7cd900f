// How changed messages are now, and the erasing of bodies, each inside the transaction of a batch.
import type { Database, Statement } from 'bun:sqlite';
import { ERASED_PREFIX } from './entry-row.ts';
import { STATE_FIELDS_COUNT, type WriteCalls } from './write-calls.ts';

type Binding = string | number;

function prepareStatements(database: Database) {
  const prepare = <Row>(sql: string): Statement<Row, Binding[]> => database.prepare<Row, Binding[]>(sql);
  return {
    log: prepare<{ key: number; floor: number }>('SELECT key, floor FROM logs WHERE id = ?'),
    put: prepare<never>(
      `INSERT INTO states (log, seq, as_of, body) VALUES (?, ?, ?, ?)
       ON CONFLICT (log, seq) DO UPDATE SET as_of = excluded.as_of, body = excluded.body
         WHERE excluded.as_of > as_of`,
    ),
    isErased: prepare<{ found: 1 }>(
      'SELECT 1 AS found FROM entries WHERE log = ? AND seq = ? AND substr(body, 1, ?) = ?',
    ),
    erase: prepare<never>('UPDATE entries SET body = ?1 WHERE log = ?2 AND seq = ?3 AND body <> ?1'),
  };
}

export class StateWrites implements Pick<WriteCalls, 'putStates' | 'erase'> {
  readonly #statements: ReturnType<typeof prepareStatements>;
  #erased = false;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  putStates(conversation: string, fields: readonly (string | number)[]): void {
    const log = this.#statements.log.get(conversation);
    if (log === null) return;
    for (let index = 0; index < fields.length; index += STATE_FIELDS_COUNT) {
      const [seq, asOf] = [fields[index] as number, fields[index + 1] as number];
      // Retention may pass an owner that is about to write one.
      if (seq <= log.floor) continue;
      const { changes } = this.#statements.put.run(log.key, seq, asOf, fields[index + 2] as string);
      // The state that it replaces may have had the text of the message that is erased.
      if (
        changes > 0 &&
        this.#statements.isErased.get(log.key, seq, ERASED_PREFIX.length, ERASED_PREFIX) !== null
      )
        this.#erased = true;
    }
  }

  erase(conversation: string, seqs: readonly number[], body: string): void {
    const log = this.#statements.log.get(conversation);
    if (log === null) return;
    for (const seq of seqs) {
      if (this.#statements.erase.run(body, log.key, seq).changes > 0) this.#erased = true;
    }
  }

  /** Whether one of these did something since the last call; a batch that was rolled back may count as well. */
  takeErased(): boolean {
    const erased = this.#erased;
    this.#erased = false;
    return erased;
  }
}
