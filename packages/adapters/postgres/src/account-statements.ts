// What is read and written about users, devices and tokens.
import {
  DEVICE_COLUMNS,
  type DeviceRow,
  TOKEN_COLUMNS,
  type TokenRow,
  USER_COLUMNS,
  type UserRow,
} from './account-row.ts';
import { statement } from './statement.ts';

/** Brings a row where it was made: the name and the external id were free. */
export const CREATE_USER = statement<{ id: string }>(
  'account_create_user',
  `INSERT INTO users (id, name, password_hash, external_id, created_at) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT DO NOTHING RETURNING id`,
);

export const USERS_BY_IDS = statement<UserRow>(
  'account_users_by_ids',
  `SELECT ${USER_COLUMNS} FROM users WHERE id = ANY ($1::bigint[])`,
);

export const USERS_BY_NAMES = statement<UserRow>(
  'account_users_by_names',
  `SELECT ${USER_COLUMNS} FROM users WHERE name = ANY ($1::text[])`,
);

export const USER_BY_EXTERNAL_ID = statement<UserRow>(
  'account_user_by_external_id',
  `SELECT ${USER_COLUMNS} FROM users WHERE external_id = $1`,
);

export const SET_PASSWORD_HASH = statement(
  'account_set_password_hash',
  'UPDATE users SET password_hash = $2 WHERE id = $1',
);

export const CREATE_DEVICE = statement<{ id: string }>(
  'account_create_device',
  `INSERT INTO devices (id, user_id, key, name, created_at) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT DO NOTHING RETURNING id`,
);

export const DEVICE_BY_KEY = statement<DeviceRow>(
  'account_device_by_key',
  `SELECT ${DEVICE_COLUMNS} FROM devices WHERE user_id = $1 AND key = $2`,
);

export const DEVICES = statement<DeviceRow>(
  'account_devices',
  `SELECT ${DEVICE_COLUMNS} FROM devices WHERE user_id = $1 ORDER BY id`,
);

/** The marks too: one of a device that is gone would stay for ever. */
export const REMOVE_DEVICE = statement(
  'account_remove_device',
  `WITH device AS (DELETE FROM devices WHERE id = $1 RETURNING id, user_id),
     revoked AS (DELETE FROM tokens WHERE device = $1)
   DELETE FROM marks m USING device d WHERE m.user_id = d.user_id AND m.device = d.id`,
);

export const CREATE_TOKEN = statement(
  'account_create_token',
  'INSERT INTO tokens (hash, user_id, device, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)',
);

export const TOKEN = statement<TokenRow>(
  'account_token',
  `SELECT ${TOKEN_COLUMNS} FROM tokens WHERE hash = $1`,
);

export const TOKENS_OF = statement<TokenRow>(
  'account_tokens_of',
  `SELECT ${TOKEN_COLUMNS} FROM tokens WHERE user_id = $1`,
);

export const REVOKE_TOKENS = statement<{ hash: string }>(
  'account_revoke_tokens',
  'DELETE FROM tokens WHERE device = $1 RETURNING hash',
);

export const DROP_EXPIRED_TOKENS = statement(
  'account_drop_expired_tokens',
  'DELETE FROM tokens WHERE expires_at < $1',
);
