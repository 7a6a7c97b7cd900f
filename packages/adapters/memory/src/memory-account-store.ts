// The account store in memory. It searches instead of indexing: tests have few users.
import type { AccountStore, CreateUserOutcome, Device, TokenRecord, User } from '@parley/ports/account-store';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { type DecideFault, MemoryHandle } from './memory-handle.ts';
import type { MemoryWorld, WorldState } from './memory-world.ts';

export class MemoryAccountStore implements AccountStore {
  readonly #handle: MemoryHandle;

  constructor(world: MemoryWorld, fault?: DecideFault) {
    this.#handle = new MemoryHandle({ world, store: 'accounts', fault });
  }

  createUser(user: User): Promise<CreateUserOutcome> {
    return this.#handle.call({ method: 'createUser' }, ({ users }) => {
      const known =
        user.externalId === undefined
          ? undefined
          : first(users, (each) => each.externalId === user.externalId);
      if (known !== undefined) return { kind: 'exists', user: known };
      if (first(users, (each) => each.name === user.name) !== undefined) return { kind: 'name_taken' };
      users.set(user.id, user);
      return { kind: 'created' };
    });
  }

  userByName(name: string): Promise<User | undefined> {
    return this.#handle.call({ method: 'userByName' }, ({ users }) =>
      first(users, (user) => user.name === name),
    );
  }

  userByExternalId(externalId: string): Promise<User | undefined> {
    return this.#handle.call({ method: 'userByExternalId' }, ({ users }) =>
      first(users, (user) => user.externalId === externalId),
    );
  }

  usersByIds(ids: readonly UserId[]): Promise<readonly User[]> {
    return this.#handle.call({ method: 'usersByIds' }, ({ users }) =>
      [...new Set(ids)].flatMap((id) => users.get(id) ?? []),
    );
  }

  usersByNames(names: readonly string[]): Promise<readonly User[]> {
    const wanted = new Set(names);
    return this.#handle.call({ method: 'usersByNames' }, ({ users }) =>
      [...users.values()].filter((user) => wanted.has(user.name)),
    );
  }

  setPasswordHash(user: UserId, passwordHash: string): Promise<void> {
    return this.#handle.call({ method: 'setPasswordHash' }, ({ users }) => {
      const there = users.get(user);
      if (there !== undefined) users.set(user, { ...there, passwordHash });
    });
  }

  createDevice(device: Device): Promise<Device> {
    return this.#handle.call({ method: 'createDevice' }, ({ devices }) => {
      const known = first(devices, (each) => each.user === device.user && each.key === device.key);
      if (known !== undefined) return known;
      devices.set(device.id, device);
      return device;
    });
  }

  devices(user: UserId): Promise<readonly Device[]> {
    return this.#handle.call({ method: 'devices' }, ({ devices }) =>
      [...devices.values()].filter((device) => device.user === user),
    );
  }

  createToken(token: TokenRecord): Promise<void> {
    return this.#handle.call({ method: 'createToken' }, ({ tokens }) => {
      tokens.set(token.hash, token);
    });
  }

  token(hash: string): Promise<TokenRecord | undefined> {
    return this.#handle.call({ method: 'token' }, ({ tokens }) => tokens.get(hash));
  }

  tokensOf(user: UserId): Promise<readonly TokenRecord[]> {
    return this.#handle.call({ method: 'tokensOf' }, ({ tokens }) =>
      [...tokens.values()].filter((token) => token.user === user),
    );
  }

  revokeTokens(device: DeviceId): Promise<boolean> {
    return this.#handle.call({ method: 'revokeTokens' }, (state) => revoke(state, device));
  }

  removeDevice(device: DeviceId): Promise<void> {
    return this.#handle.call({ method: 'removeDevice' }, (state) => {
      revoke(state, device);
      state.devices.delete(device);
    });
  }

  dropExpiredTokens(before: number): Promise<void> {
    return this.#handle.call({ method: 'dropExpiredTokens' }, ({ tokens }) => {
      for (const token of tokens.values()) if (token.expiresAt < before) tokens.delete(token.hash);
    });
  }

  /** As MemoryMessageStore's. */
  crash(): void {
    this.#handle.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

function first<Row>(rows: ReadonlyMap<unknown, Row>, holds: (row: Row) => boolean): Row | undefined {
  for (const row of rows.values()) if (holds(row)) return row;
  return undefined;
}

function revoke({ tokens }: WorldState, device: DeviceId): boolean {
  const revoked = [...tokens.values()].filter((token) => token.device === device);
  for (const token of revoked) tokens.delete(token.hash);
  return revoked.length > 0;
}
