// Users, devices and tokens on SQLite: writes by the writer's thread, reads by the reader's.
import type { AccountStore, CreateUserOutcome, Device, TokenRecord, User } from '@parley/ports/account-store';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import type { ReadQueue } from './read-queue.ts';
import type { WriteQueue } from './write-queue.ts';

export interface SqliteAccountStoreOptions {
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
}

export class SqliteAccountStore implements AccountStore {
  readonly #writes: WriteQueue;
  readonly #reads: ReadQueue;

  constructor({ writes, reads }: SqliteAccountStoreOptions) {
    this.#writes = writes;
    this.#reads = reads;
  }

  async createUser(user: User): Promise<CreateUserOutcome> {
    const outcome = await this.#writes.call('createUser', 0, user);
    return outcome.kind === 'exists' ? { kind: 'exists', user: complete(outcome.user) } : outcome;
  }

  userByName(name: string): Promise<User | undefined> {
    return this.#reads.call('userByName', name);
  }

  userByExternalId(externalId: string): Promise<User | undefined> {
    return this.#reads.call('userByExternalId', externalId);
  }

  usersByIds(ids: readonly UserId[]): Promise<readonly User[]> {
    return this.#reads.call('usersByIds', ids);
  }

  usersByNames(names: readonly string[]): Promise<readonly User[]> {
    return this.#reads.call('usersByNames', names);
  }

  setPasswordHash(user: UserId, passwordHash: string): Promise<void> {
    return this.#writes.call('setPasswordHash', 0, user, passwordHash);
  }

  createDevice(device: Device): Promise<Device> {
    return this.#writes.call('createDevice', 0, device);
  }

  devices(user: UserId): Promise<readonly Device[]> {
    return this.#reads.call('devices', user);
  }

  createToken(token: TokenRecord): Promise<void> {
    return this.#writes.call('createToken', 0, token);
  }

  token(hash: string): Promise<TokenRecord | undefined> {
    return this.#reads.call('token', hash);
  }

  tokensOf(user: UserId): Promise<readonly TokenRecord[]> {
    return this.#reads.call('tokensOf', user);
  }

  revokeTokens(device: DeviceId): Promise<boolean> {
    return this.#writes.call('revokeTokens', 0, device);
  }

  /** Its marks go with it. */
  async removeDevice(device: DeviceId): Promise<void> {
    await this.#writes.call('removeDevice', 0, device);
  }

  dropExpiredTokens(before: number): Promise<void> {
    return this.#writes.call('dropExpiredTokens', 0, before);
  }

  /** Nothing by itself: the stores share one database, which SqliteStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A write's answer crosses as JSON, which leaves out what is undefined. */
function complete(user: User): User {
  return { ...user, passwordHash: user.passwordHash, externalId: user.externalId };
}
