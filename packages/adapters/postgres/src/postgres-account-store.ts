// Users, their devices and the tokens that sign them in, on PostgreSQL.
import type { AccountStore, CreateUserOutcome, Device, TokenRecord, User } from '@parley/ports/account-store';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { deviceOf, tokenRecord, userOf } from './account-row.ts';
import {
  CREATE_DEVICE,
  CREATE_TOKEN,
  CREATE_USER,
  DEVICE_BY_KEY,
  DEVICES,
  DROP_EXPIRED_TOKENS,
  REMOVE_DEVICE,
  REVOKE_TOKENS,
  SET_PASSWORD_HASH,
  TOKEN,
  TOKENS_OF,
  USER_BY_EXTERNAL_ID,
  USERS_BY_IDS,
  USERS_BY_NAMES,
} from './account-statements.ts';
import type { Database } from './database.ts';
import { bytesOf } from './text-bytes.ts';

export class PostgresAccountStore implements AccountStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async createUser(user: User): Promise<CreateUserOutcome> {
    const { id, name, passwordHash, externalId, createdAt } = user;
    const external = externalId === undefined ? null : bytesOf(externalId);
    const values = [id, name, passwordHash ?? null, external, createdAt];
    if ((await this.#database.write(CREATE_USER, values)).length > 0) return { kind: 'created' };
    const there = externalId === undefined ? undefined : await this.userByExternalId(externalId);
    return there === undefined ? { kind: 'name_taken' } : { kind: 'exists', user: there };
  }

  async userByName(name: string): Promise<User | undefined> {
    return (await this.usersByNames([name]))[0];
  }

  async userByExternalId(externalId: string): Promise<User | undefined> {
    const [row] = await this.#database.read(USER_BY_EXTERNAL_ID, [bytesOf(externalId)]);
    return row && userOf(row);
  }

  async usersByIds(ids: readonly UserId[]): Promise<readonly User[]> {
    return (await this.#database.read(USERS_BY_IDS, [ids])).map(userOf);
  }

  async usersByNames(names: readonly string[]): Promise<readonly User[]> {
    // PostgreSQL refuses U+0000 in text, and no name has it.
    const possible = names.filter((name) => !name.includes('\0'));
    return (await this.#database.read(USERS_BY_NAMES, [possible])).map(userOf);
  }

  async setPasswordHash(user: UserId, passwordHash: string): Promise<void> {
    await this.#database.write(SET_PASSWORD_HASH, [user, passwordHash]);
  }

  async createDevice(device: Device): Promise<Device> {
    const { id, user, name, createdAt } = device;
    const key = bytesOf(device.key);
    const made = await this.#database.write(CREATE_DEVICE, [id, user, key, bytesOf(name), createdAt]);
    if (made.length > 0) return device;
    const [row] = await this.#database.read(DEVICE_BY_KEY, [user, key]);
    if (row === undefined) throw new Error(`the id ${id} is that of another device`);
    return deviceOf(row);
  }

  async devices(user: UserId): Promise<readonly Device[]> {
    return (await this.#database.read(DEVICES, [user])).map(deviceOf);
  }

  async createToken({ hash, user, device, createdAt, expiresAt }: TokenRecord): Promise<void> {
    await this.#database.write(CREATE_TOKEN, [hash, user, device, createdAt, expiresAt]);
  }

  async token(hash: string): Promise<TokenRecord | undefined> {
    const [row] = await this.#database.read(TOKEN, [hash]);
    return row && tokenRecord(row);
  }

  async tokensOf(user: UserId): Promise<readonly TokenRecord[]> {
    return (await this.#database.read(TOKENS_OF, [user])).map(tokenRecord);
  }

  async revokeTokens(device: DeviceId): Promise<boolean> {
    return (await this.#database.write(REVOKE_TOKENS, [device])).length > 0;
  }

  async removeDevice(device: DeviceId): Promise<void> {
    await this.#database.write(REMOVE_DEVICE, [device]);
  }

  async dropExpiredTokens(before: number): Promise<void> {
    await this.#database.write(DROP_EXPIRED_TOKENS, [before]);
  }

  /** Nothing by itself: the stores share the connections, which are closed by what opened them. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
