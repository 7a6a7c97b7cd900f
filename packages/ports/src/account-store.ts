// Users, their devices and the tokens that sign them in.
import type { DeviceId, UserId } from '@parley/protocol/ids';

export interface User {
  readonly id: UserId;
  /** Unique, lower case. */
  readonly name: string;
  /** A PHC string; absent for a user whom an app's back end vouches for. */
  readonly passwordHash: string | undefined;
  /** `issuer|sub` of the app's tokens; unique; absent for a user with a password. */
  readonly externalId: string | undefined;
  readonly createdAt: number;
}

export interface Device {
  readonly id: DeviceId;
  readonly user: UserId;
  /** Chosen by the client installation; unique per user. A device with a password sign-in has its own id here. */
  readonly key: string;
  readonly name: string;
  readonly createdAt: number;
}

export interface TokenRecord {
  /** SHA-256 of the token, as hex; the token itself is stored nowhere. */
  readonly hash: string;
  readonly user: UserId;
  readonly device: DeviceId;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export type CreateUserOutcome =
  | { readonly kind: 'created' }
  | { readonly kind: 'name_taken' }
  /** A user with this externalId is there already. */
  | { readonly kind: 'exists'; readonly user: User };

/** Durable when a call resolves. */
export interface AccountStore extends AsyncDisposable {
  createUser(user: User): Promise<CreateUserOutcome>;
  userByName(name: string): Promise<User | undefined>;
  userByExternalId(externalId: string): Promise<User | undefined>;
  usersByIds(ids: readonly UserId[]): Promise<readonly User[]>;
  usersByNames(names: readonly string[]): Promise<readonly User[]>;
  setPasswordHash(user: UserId, passwordHash: string): Promise<void>;
  /** Stores the device, or returns the one with the same user and key. */
  createDevice(device: Device): Promise<Device>;
  devices(user: UserId): Promise<readonly Device[]>;
  createToken(token: TokenRecord): Promise<void>;
  /** Expired ones too: the caller compares the time. */
  token(hash: string): Promise<TokenRecord | undefined>;
  /** Every token of a user, expired ones too: they say which devices are signed in. */
  tokensOf(user: UserId): Promise<readonly TokenRecord[]>;
  /** Deletes every token of a device; true if there was one. */
  revokeTokens(device: DeviceId): Promise<boolean>;
  /** Deletes a device and its tokens: it signed out, or its tokens ended, and its id is never used again. */
  removeDevice(device: DeviceId): Promise<void>;
  /** Deletes tokens that expired before a time. */
  dropExpiredTokens(before: number): Promise<void>;
}
