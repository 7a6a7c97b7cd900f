// The connections to PostgreSQL: statements and transactions, with a bound on what waits and on how long it takes.
import type { Log } from '@parley/ports/log';
import { StoreError } from '@parley/ports/store-error';
import { Pool, type PoolClient } from 'pg';
import { asDriverFault, ConnectionLost, faultOf, isConflict, type Progress } from './postgres-fault.ts';
import type { Statement, Value } from './statement.ts';

/** Calls that run or wait for a connection; beyond it a call is refused as unavailable. */
export const CALLS_MAX_COUNT = 4_096;
/** For a free connection, the making of one included. */
export const CONNECTION_TIMEOUT_MS = 5_000;
/** The server closes a session that leaves a transaction open so long. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** After the time-out of a statement: the server did not even say that it gave up, and what it did is not known. */
const ANSWER_GRACE_MS = 5_000;
/** A read on a connection that turns out to be dead is sent again on another one. */
const READ_ATTEMPTS_MAX_COUNT = 2;
/** Of a transaction that others made the server roll back. */
export const TRANSACTION_ATTEMPTS_MAX_COUNT = 8;

export interface DatabaseOptions {
  /** postgres://user:password@host:port/database */
  readonly url: string;
  /** Where the tables are: the search_path. */
  readonly schema: string;
  readonly connectionsMaxCount: number;
  /** The server gives a statement up after this. */
  readonly statementTimeoutMs: number;
  readonly log: Log;
}

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

/** A transaction that is open. A statement that fails has ended it. */
export interface Transaction {
  run<Row>(statement: Statement<Row>, values: readonly Value[]): Promise<readonly Row[]>;
  /** Statements that bring nothing and are not prepared: those of the schema. */
  execute(sql: string): Promise<void>;
}

export class Database implements AsyncDisposable {
  readonly #pool: Pool;
  readonly schema: string;
  #callsCount = 0;
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor({ url, schema, connectionsMaxCount, statementTimeoutMs, log }: DatabaseOptions) {
    checkName(schema);
    this.schema = schema;
    this.#pool = new Pool({
      connectionString: url,
      max: connectionsMaxCount,
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
      keepAlive: true,
      options: sessionSettings(schema),
    });
    // Without listeners the process would end. Whoever uses a connection that is lost is told by the call; an idle one
    // is dropped by the pool.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    this.#pool.on('error', (error) => log.warn({ reason: error.message }, 'lost an idle connection'));
  }

  /** A statement that writes nothing. */
  read<Row>(statement: Statement<Row>, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#call(async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#withConnection((client) => run(client, statement, values));
        } catch (error) {
          if (!(error instanceof ConnectionLost) || attempt >= READ_ATTEMPTS_MAX_COUNT) {
            throw faultOf(error, 'cannot_commit');
          }
        }
      }
    });
  }

  /** A statement that is a transaction of its own: committed when it resolves. Never sent twice. */
  write<Row>(statement: Statement<Row>, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#call(() =>
      this.#withConnection((client) => run(client, statement, values)).catch((error: unknown) => {
        throw faultOf(error, 'may_commit');
      }),
    );
  }

  /**
   * Committed when it resolves. Where the server rolls it back for the sake of others (serializable ones, deadlocks),
   * `body` runs again from its beginning: it must not do anything else than run statements.
   */
  transaction<Result>(
    isolation: Isolation,
    body: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    return this.#call(async () => {
      for (let attempt = 1; ; attempt += 1) {
        const progress: { now: Progress } = { now: 'cannot_commit' };
        try {
          return await this.#withConnection(async (client) => {
            await command(client, `BEGIN ISOLATION LEVEL ${isolation}`);
            const result = await body(transactionOn(client));
            progress.now = 'may_commit';
            // The server rolls back, and calls it no error, where a statement had failed and `body` went on.
            if ((await command(client, 'COMMIT')) !== 'COMMIT') throw new Error('a statement had failed');
            return result;
          });
        } catch (error) {
          if (!isConflict(error) || attempt >= TRANSACTION_ATTEMPTS_MAX_COUNT) {
            throw faultOf(error, progress.now);
          }
        }
      }
    });
  }

  /** Takes no more calls, and resolves when those that were made are settled and the connections are closed. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#callsCount > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onIdle = resolve;
      await promise;
    }
    await this.#pool.end();
  }

  async #call<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#closed !== undefined) throw new StoreError('unavailable', 'The store is closed');
    if (this.#callsCount >= CALLS_MAX_COUNT) {
      throw new StoreError('unavailable', 'Too many calls wait for PostgreSQL');
    }
    this.#callsCount += 1;
    try {
      return await call();
    } finally {
      this.#callsCount -= 1;
      if (this.#callsCount === 0) this.#onIdle?.();
    }
  }

  /** Rejects with what came; with a StoreError where there is no connection, so that nothing was sent. */
  async #withConnection<Result>(use: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw faultOf(asDriverFault(error), 'not_sent');
    });
    try {
      const result = await use(client);
      client.release();
      return result;
    } catch (error) {
      await giveBack(client, error);
      throw error;
    }
  }
}

async function run<Row>(
  client: PoolClient,
  { name, text }: Statement<Row>,
  values: readonly Value[],
): Promise<readonly Row[]> {
  try {
    const { rows } = await client.query<Row & object>({ name, text, values: [...values] });
    return rows;
  } catch (error) {
    throw asDriverFault(error);
  }
}

function transactionOn(client: PoolClient): Transaction {
  return {
    run: (statement, values) => run(client, statement, values),
    execute: async (sql) => {
      await command(client, sql);
    },
  };
}

/** What the server says that it did. */
async function command(client: PoolClient, text: string): Promise<string> {
  try {
    return (await client.query(text)).command;
  } catch (error) {
    throw asDriverFault(error);
  }
}

/** Ends a transaction that may be open; a connection that cannot do even that is closed. */
async function giveBack(client: PoolClient, error: unknown): Promise<void> {
  if (error instanceof ConnectionLost) {
    client.release(true);
    return;
  }
  try {
    await command(client, 'ROLLBACK');
    client.release();
  } catch {
    client.release(true);
  }
}

/**
 * What every session has, whatever the role or the database says. A commit is answered when it is on the disk. Plans are
 * generic: every statement here is a look-up by index, whatever its values.
 */
function sessionSettings(schema: string): string {
  const settings = {
    search_path: schema,
    synchronous_commit: 'on',
    default_transaction_isolation: 'read\\ committed',
    plan_cache_mode: 'force_generic_plan',
    jit: 'off',
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** It stands in the session's settings and in DDL, where nothing can be bound. */
function checkName(schema: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new RangeError(`a schema's name has a-z 0-9 _ and at most 63 of them, not "${schema}"`);
  }
}
