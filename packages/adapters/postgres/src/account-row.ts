// Rows of `users`, `devices` and `tokens` as the queries bring them, and the records that they are.
import type { Device, TokenRecord, User } from '@parley/ports/account-store';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { textOf } from './text-bytes.ts';

export const USER_COLUMNS = 'id, name, password_hash, external_id, created_at';

export interface UserRow {
  readonly id: UserId;
  readonly name: string;
  readonly password_hash: string | null;
  readonly external_id: Uint8Array | null;
  readonly created_at: string;
}

export const userOf = (row: UserRow): User => ({
  id: row.id,
  name: row.name,
  passwordHash: row.password_hash ?? undefined,
  externalId: row.external_id === null ? undefined : textOf(row.external_id),
  createdAt: Number(row.created_at),
});

export const DEVICE_COLUMNS = 'id, user_id, key, name, created_at';

export interface DeviceRow {
  readonly id: DeviceId;
  readonly user_id: UserId;
  readonly key: Uint8Array;
  readonly name: Uint8Array;
  readonly created_at: string;
}

export const deviceOf = (row: DeviceRow): Device => ({
  id: row.id,
  user: row.user_id,
  key: textOf(row.key),
  name: textOf(row.name),
  createdAt: Number(row.created_at),
});

export const TOKEN_COLUMNS = 'hash, user_id, device, created_at, expires_at';

export interface TokenRow {
  readonly hash: string;
  readonly user_id: UserId;
  readonly device: DeviceId;
  readonly created_at: string;
  readonly expires_at: string;
}

export const tokenRecord = (row: TokenRow): TokenRecord => ({
  hash: row.hash,
  user: row.user_id,
  device: row.device,
  createdAt: Number(row.created_at),
  expiresAt: Number(row.expires_at),
});
