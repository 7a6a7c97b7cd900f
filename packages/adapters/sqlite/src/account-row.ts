// Rows of `users`, `devices` and `tokens` as the queries bring them, and the records that they are.
import type { Device, TokenRecord, User } from '@parley/ports/account-store';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import type { Value } from './entry-row.ts';

export const USER_COLUMNS = 'cast(id AS TEXT), name, password_hash, external_id, created_at';
export const DEVICE_COLUMNS = 'cast(id AS TEXT), cast(user AS TEXT), key, name, created_at';
export const TOKEN_COLUMNS = 'hash, cast(user AS TEXT), cast(device AS TEXT), created_at, expires_at';

export function userOf(row: readonly Value[]): User {
  const [id, name, passwordHash, externalId, createdAt] = row;
  return {
    id: id as UserId,
    name: name as string,
    passwordHash: (passwordHash as string | null) ?? undefined,
    externalId: (externalId as string | null) ?? undefined,
    createdAt: createdAt as number,
  };
}

export function deviceOf(row: readonly Value[]): Device {
  const [id, user, key, name, createdAt] = row;
  return {
    id: id as DeviceId,
    user: user as UserId,
    key: key as string,
    name: name as string,
    createdAt: createdAt as number,
  };
}

export function tokenRecord(row: readonly Value[]): TokenRecord {
  const [hash, user, device, createdAt, expiresAt] = row;
  return {
    hash: hash as string,
    user: user as UserId,
    device: device as DeviceId,
    createdAt: createdAt as number,
    expiresAt: expiresAt as number,
  };
}
