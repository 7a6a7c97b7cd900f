// Users, devices and tokens, each inside the transaction of a batch.
import type { Database, Statement } from 'bun:sqlite';
import type { CreateUserOutcome, Device, TokenRecord, User } from '@parley/ports/account-store';
import { DEVICE_COLUMNS, deviceOf, USER_COLUMNS, userOf } from './account-row.ts';
import type { WriteCalls } from './write-calls.ts';

type AccountCall =
  | 'createUser'
  | 'setPasswordHash'
  | 'createDevice'
  | 'createToken'
  | 'revokeTokens'
  | 'removeDevice'
  | 'dropExpiredTokens';
type Binding = string | number | null;

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, Binding[]> => database.prepare<never, Binding[]>(sql);
  return {
    findExternal: prepare(`SELECT ${USER_COLUMNS} FROM users WHERE external_id = ?`),
    insertUser: prepare(
      `INSERT INTO users (id, name, password_hash, external_id, created_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (name) DO NOTHING`,
    ),
    setPasswordHash: prepare('UPDATE users SET password_hash = ? WHERE id = ?'),
    insertDevice: prepare(
      `INSERT INTO devices (id, user, key, name, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (user, key) DO NOTHING`,
    ),
    findDevice: prepare(`SELECT ${DEVICE_COLUMNS} FROM devices WHERE user = ? AND key = ?`),
    insertToken: prepare(
      'INSERT INTO tokens (hash, user, device, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
    ),
    revokeTokens: prepare('DELETE FROM tokens WHERE device = ?'),
    // A mark of a device that is gone would stay for ever.
    removeMarks: prepare(
      'DELETE FROM marks WHERE device = ?1 AND user = (SELECT user FROM devices WHERE id = ?1)',
    ),
    removeDevice: prepare('DELETE FROM devices WHERE id = ?'),
    dropExpired: prepare('DELETE FROM tokens WHERE expires_at < ?'),
  };
}

export class AccountWrites implements Pick<WriteCalls, AccountCall> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  createUser(user: User): CreateUserOutcome {
    const { id, name, passwordHash, externalId, createdAt } = user;
    if (externalId !== undefined) {
      const [row] = this.#statements.findExternal.values(externalId);
      if (row !== undefined) return { kind: 'exists', user: userOf(row) };
    }
    const hash = passwordHash ?? null;
    const { changes } = this.#statements.insertUser.run(id, name, hash, externalId ?? null, createdAt);
    return { kind: changes > 0 ? 'created' : 'name_taken' };
  }

  setPasswordHash(user: string, passwordHash: string): void {
    this.#statements.setPasswordHash.run(passwordHash, user);
  }

  createDevice(device: Device): Device {
    const { id, user, key, name, createdAt } = device;
    if (this.#statements.insertDevice.run(id, user, key, name, createdAt).changes > 0) return device;
    return deviceOf(this.#statements.findDevice.values(user, key)[0] ?? []);
  }

  createToken({ hash, user, device, createdAt, expiresAt }: TokenRecord): void {
    this.#statements.insertToken.run(hash, user, device, createdAt, expiresAt);
  }

  revokeTokens(device: string): boolean {
    return this.#statements.revokeTokens.run(device).changes > 0;
  }

  removeDevice(device: string): void {
    this.#statements.revokeTokens.run(device);
    this.#statements.removeMarks.run(device);
    this.#statements.removeDevice.run(device);
  }

  dropExpiredTokens(before: number): void {
    this.#statements.dropExpired.run(before);
  }
}
