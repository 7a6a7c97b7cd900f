// Reads of users, devices and tokens, each inside the reader's transaction.
import type { Database, Statement } from 'bun:sqlite';
import type { Device, TokenRecord, User } from '@parley/ports/account-store';
import { DEVICE_COLUMNS, deviceOf, TOKEN_COLUMNS, tokenRecord, USER_COLUMNS, userOf } from './account-row.ts';
import type { ReadCalls } from './read-calls.ts';

type AccountCall =
  | 'userByName'
  | 'userByExternalId'
  | 'usersByIds'
  | 'usersByNames'
  | 'devices'
  | 'token'
  | 'tokensOf';

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, [string]> => database.prepare<never, [string]>(sql);
  return {
    byName: prepare(`SELECT ${USER_COLUMNS} FROM users WHERE name = ?`),
    byExternalId: prepare(`SELECT ${USER_COLUMNS} FROM users WHERE external_id = ?`),
    byId: prepare(`SELECT ${USER_COLUMNS} FROM users WHERE id = ?`),
    devices: prepare(`SELECT ${DEVICE_COLUMNS} FROM devices WHERE user = ? ORDER BY id`),
    token: prepare(`SELECT ${TOKEN_COLUMNS} FROM tokens WHERE hash = ?`),
    tokensOf: prepare(`SELECT ${TOKEN_COLUMNS} FROM tokens WHERE user = ?`),
  };
}

export class AccountReads implements Pick<ReadCalls, AccountCall> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  userByName(name: string): User | undefined {
    const [row] = this.#statements.byName.values(name);
    return row === undefined ? undefined : userOf(row);
  }

  userByExternalId(externalId: string): User | undefined {
    const [row] = this.#statements.byExternalId.values(externalId);
    return row === undefined ? undefined : userOf(row);
  }

  usersByIds(ids: readonly string[]): readonly User[] {
    return [...new Set(ids)].flatMap((id) => this.#statements.byId.values(id).map(userOf));
  }

  usersByNames(names: readonly string[]): readonly User[] {
    return [...new Set(names)].flatMap((name) => this.#statements.byName.values(name).map(userOf));
  }

  devices(user: string): readonly Device[] {
    return this.#statements.devices.values(user).map(deviceOf);
  }

  token(hash: string): TokenRecord | undefined {
    const [row] = this.#statements.token.values(hash);
    return row === undefined ? undefined : tokenRecord(row);
  }

  tokensOf(user: string): readonly TokenRecord[] {
    return this.#statements.tokensOf.values(user).map(tokenRecord);
  }
}
