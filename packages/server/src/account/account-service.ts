// Accounts: who may come in, by a password, a token of ours or a JWT, and from which device.
import type { AccountStore, Device, User } from '@parley/ports/account-store';
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { Log } from '@parley/ports/log';
import type { Randomness } from '@parley/ports/randomness';
import type { Credentials } from '@parley/protocol/account';
import { fault, type Fault } from '@parley/protocol/error-code';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { DEVICES_PER_USER_MAX_COUNT } from '@parley/protocol/limits';
import { DEFAULT_DEVICE_KEY, Devices } from './devices.ts';
import { ExternalUsers } from './external-users.ts';
import { HashingShare } from './hashing-share.ts';
import type { JwtVerifier } from './jwt-verifier.ts';
import { HASHES_BUSY_RETRY_MS, type Busy, type PasswordHasher } from './password-hasher.ts';
import { passwordFault } from './password-policy.ts';
import { RegistrationThrottle } from './registration-throttle.ts';
import { RevokedDevices } from './revoked-devices.ts';
import { SignInThrottle } from './sign-in-throttle.ts';
import { hashToken, isParleyToken, newToken } from './token.ts';

export interface AccountServiceOptions {
  readonly store: AccountStore;
  readonly hasher: PasswordHasher;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Without it, JWTs are refused. */
  readonly jwt: JwtVerifier | undefined;
  readonly registration: 'open' | 'closed';
  readonly tokenLifetimeMs: number;
  /** Whether the device has a session now, on any node. */
  readonly isLive: (user: UserId, device: DeviceId) => boolean | Promise<boolean>;
  /** The device signed out: close its live sessions. Must not throw. */
  readonly onRevoked: (user: UserId, device: DeviceId) => void;
}

export interface PasswordRequest {
  readonly name: string;
  readonly password: string;
  readonly deviceName: string | undefined;
  /** Where the request came from, for the back-off and the audit log. */
  readonly address: string;
}

/** What other users may know of a user. */
export type KnownUser = Pick<User, 'id' | 'name'>;

export type Refused = { readonly kind: 'refused'; readonly fault: Fault };
export type CredentialsOutcome = { readonly kind: 'ok'; readonly credentials: Credentials } | Refused;
export type LogoutOutcome = { readonly kind: 'ok' } | Refused;
export type AuthenticateOutcome =
  | {
      readonly kind: 'ok';
      readonly user: KnownUser;
      readonly device: Device;
      /** By the clock; the session ends then at the latest. */
      readonly expiresAt: number;
    }
  | Refused;

/** An expired token is answered as such for this long; then it is unknown. */
export const EXPIRED_TOKENS_KEPT_MS = 30 * 24 * 3_600_000;

const RETRY_AFTER_MS = 1_000;
const BUSY: Busy = { kind: 'busy', retryAfterMs: HASHES_BUSY_RETRY_MS };

export class AccountService {
  readonly #options: AccountServiceOptions;
  readonly #devices: Devices;
  readonly #externalUsers: ExternalUsers;
  readonly #throttle: SignInThrottle;
  readonly #registrations: RegistrationThrottle;
  readonly #hashingShare = new HashingShare();
  readonly #revoked = new RevokedDevices();

  constructor(options: AccountServiceOptions) {
    this.#options = options;
    const remove = (device: DeviceId) =>
      this.#revoked.during(device, () => options.store.removeDevice(device));
    this.#devices = new Devices({ ...options, remove });
    this.#externalUsers = new ExternalUsers(options);
    this.#throttle = new SignInThrottle(options.clock);
    this.#registrations = new RegistrationThrottle(options.clock);
  }

  /** A new user with a password, signed in on a new device. The name is valid by `userNameSchema`. */
  async register(request: PasswordRequest): Promise<CredentialsOutcome> {
    const { store, hasher, ids, clock, log, registration } = this.#options;
    const { name, password, address } = request;
    if (registration === 'closed') {
      return refused('registration_closed', 'This server does not let people register by themselves.');
    }
    const weak = passwordFault(password, name);
    if (weak !== undefined) return { kind: 'refused', fault: weak };
    const waitMs = this.#registrations.take(address);
    if (waitMs > 0) {
      log.warn({ event: 'registration_throttled', address }, 'too many registrations');
      return refused('rate_limited', 'Too many registrations from this address; wait.', {
        retry_after_ms: waitMs,
      });
    }
    // Asked again by createUser, for two at once; here it saves the hash.
    if ((await store.userByName(name)) !== undefined) return nameTaken();
    const hashed = (await this.#hashingShare.run(address, () => hasher.hash(password))) ?? BUSY;
    if (hashed.kind === 'busy') return tooBusy(hashed);
    const id = ids.next() as UserId;
    const user: User = { id, name, passwordHash: hashed.hash, externalId: undefined, createdAt: clock.now() };
    const created = await store.createUser(user);
    if (created.kind !== 'created') return nameTaken();
    log.info({ event: 'account_registered', user: id, address }, 'a user registered');
    try {
      return await this.#issueToken(user, request);
    } catch (error) {
      log.error({ event: 'registered_without_token', user: id, error }, 'a new user could not be signed in');
      return refused(
        'outcome_unknown',
        'You may be registered already: sign in with this name and password.',
        {
          retry_after_ms: RETRY_AFTER_MS,
        },
      );
    }
  }

  /** Signs in on a new device. A name that is unknown and a password that is wrong get one answer, for one price. */
  async login(request: PasswordRequest): Promise<CredentialsOutcome> {
    const { log } = this.#options;
    const { name, address } = request;
    const begun = this.#throttle.begin(name, address);
    if (begun.kind === 'wait') {
      log.warn({ event: 'sign_in_throttled', address }, 'too many failed sign-ins');
      return refused('rate_limited', 'Too many failed sign-ins; wait.', {
        retry_after_ms: begun.retryAfterMs,
      });
    }
    const work = this.#hashingShare.run(address, () => this.#checkPassword(request));
    const checked =
      (await work.catch((error: unknown) => {
        begun.attempt.withdrawn();
        throw error;
      })) ?? BUSY;
    switch (checked.kind) {
      case 'busy':
        begun.attempt.withdrawn();
        return tooBusy(checked);
      case 'wrong':
        return refused('invalid_credentials', 'The name or the password is not right.');
      case 'right':
        begun.attempt.succeeded();
        return this.#issueToken(checked.user, request);
    }
  }

  /** Ends the token's device: its tokens, its live sessions and its row. */
  async logout(token: string, address: string): Promise<LogoutOutcome> {
    const { store, log, onRevoked } = this.#options;
    if (!isParleyToken(token)) {
      return refused(
        'invalid_credentials',
        "Only Parley's own tokens can be signed out; a JWT ends by its exp.",
      );
    }
    const signedIn = await this.#byToken(token);
    if (signedIn.kind === 'refused') return signedIn;
    const device = signedIn.device.id;
    await this.#revoked.during(device, () => store.removeDevice(device));
    log.info({ event: 'signed_out', user: signedIn.user.id, device, address }, 'a device signed out');
    onRevoked(signedIn.user.id, device);
    return { kind: 'ok' };
  }

  /**
   * Signs one of the user's devices out, asked for on another or on itself; `removed` is called when that is decided and
   * the sessions are about to close. False where the user has no such device.
   */
  async revokeDevice(
    { user, device, by }: { user: UserId; device: DeviceId; by: DeviceId },
    removed: () => void,
  ): Promise<boolean> {
    const { store, log, onRevoked } = this.#options;
    if ((await this.#devices.byId(user, device)) === undefined) return false;
    await this.#revoked.during(device, () => store.removeDevice(device));
    log.info({ event: 'device_revoked', user, device, by }, 'a user signed a device out');
    removed();
    onRevoked(user, device);
    return true;
  }

  /**
   * Who a token stands for. A logout may come between this answer and the moment in which the session is attached:
   * ask `wasRevoked` then.
   */
  async authenticate(
    token: string,
    device: { readonly deviceKey: string | undefined; readonly deviceName: string | undefined },
  ): Promise<AuthenticateOutcome> {
    const outcome = await (isParleyToken(token) ? this.#byToken(token) : this.#byJwt(token, device));
    const { log } = this.#options;
    if (outcome.kind === 'refused') {
      log.info({ event: 'token_refused', code: outcome.fault.code }, 'a token was refused');
      return outcome;
    }
    if (this.wasRevoked(outcome.device.id)) return invalidToken();
    log.debug(
      { event: 'token_accepted', user: outcome.user.id, device: outcome.device.id },
      'a token was accepted',
    );
    return outcome;
  }

  /** What a token's user is told apart by, without letting anybody in: nothing is made or changed. */
  async userKey(token: string): Promise<{ readonly kind: 'ok'; readonly key: string } | Refused> {
    if (isParleyToken(token)) {
      const outcome = await this.#byToken(token);
      return outcome.kind === 'ok' ? { kind: 'ok', key: outcome.user.id } : outcome;
    }
    const { jwt } = this.#options;
    if (jwt === undefined) return invalidToken();
    const identity = await jwt.verify(token);
    if (identity.kind === 'refused') return { kind: 'refused', fault: identity.fault };
    return { kind: 'ok', key: `${identity.issuer}|${identity.subject}` };
  }

  /**
   * Whether a device is signing out, or did so a moment ago. With this question in the turn in which a session is
   * attached, a logout is either seen by it, or finds the session by `onRevoked`.
   */
  wasRevoked(device: DeviceId): boolean {
    return this.#revoked.has(device);
  }

  /** Another node revoked the device: whoever is being let in on it here is turned away. */
  revokedElsewhere(device: DeviceId): void {
    this.#revoked.add(device);
  }

  /** Whether the user still has the device. */
  async hasDevice(user: UserId, device: DeviceId): Promise<boolean> {
    return (await this.#devices.byId(user, device)) !== undefined;
  }

  /** Users by exact names and by ids, those that exist, each once. */
  async findUsers(names: readonly string[], ids: readonly UserId[]): Promise<readonly KnownUser[]> {
    const { store } = this.#options;
    const found = await Promise.all([
      names.length === 0 ? [] : store.usersByNames(names),
      ids.length === 0 ? [] : store.usersByIds(ids),
    ]);
    return [...new Map(found.flat().map((user) => [user.id, known(user)])).values()];
  }

  deviceList(user: UserId): Promise<readonly Device[]> {
    return this.#options.store.devices(user);
  }

  /** To be called now and then: drops tokens that expired long ago. */
  dropExpiredTokens(): Promise<void> {
    const { store, clock } = this.#options;
    return store.dropExpiredTokens(clock.now() - EXPIRED_TOKENS_KEPT_MS);
  }

  async #checkPassword({
    name,
    password,
    address,
  }: PasswordRequest): Promise<
    Busy | { readonly kind: 'wrong' } | { readonly kind: 'right'; readonly user: User }
  > {
    const { store, hasher, log } = this.#options;
    const user = await store.userByName(name);
    const verified = await hasher.verify(password, user?.passwordHash);
    if (verified.kind === 'busy') return verified;
    if (user === undefined || !verified.matches) {
      // Never the name as it was typed: people type passwords there.
      log.warn({ event: 'sign_in_failed', user: user?.id, address }, 'a password sign-in failed');
      return { kind: 'wrong' };
    }
    if (verified.outdated) {
      const rehashed = await hasher.hash(password);
      if (rehashed.kind === 'hashed') await store.setPasswordHash(user.id, rehashed.hash);
    }
    return { kind: 'right', user };
  }

  async #issueToken(user: User, { deviceName, address }: PasswordRequest): Promise<CredentialsOutcome> {
    const { store, clock, randomness, log, tokenLifetimeMs } = this.#options;
    const token = newToken(randomness);
    const hash = hashToken(token);
    if (hash === undefined) throw new Error('A new token has the wrong form.');
    const made = await this.#devices.create(user.id, deviceName, async (device) => {
      const createdAt = clock.now();
      const expiresAt = createdAt + tokenLifetimeMs;
      await store.createToken({ hash, user: user.id, device: device.id, createdAt, expiresAt });
    });
    if (made.kind === 'limit_reached') return tooManyDevices('Sign out on one of them first.');
    const device = made.device.id;
    log.info({ event: 'signed_in', user: user.id, device, address }, 'a device signed in');
    return { kind: 'ok', credentials: { user_id: user.id, name: user.name, device_id: device, token } };
  }

  async #byToken(token: string): Promise<AuthenticateOutcome> {
    const { store, clock } = this.#options;
    const hash = hashToken(token);
    const record = hash === undefined ? undefined : await store.token(hash);
    if (record === undefined) return invalidToken();
    if (record.expiresAt <= clock.now())
      return refused('token_expired', 'The token has expired; sign in again.');
    const [[user], device] = await Promise.all([
      store.usersByIds([record.user]),
      this.#devices.byId(record.user, record.device),
    ]);
    if (user === undefined || device === undefined) return invalidToken();
    return { kind: 'ok', user: known(user), device, expiresAt: record.expiresAt };
  }

  async #byJwt(
    token: string,
    {
      deviceKey,
      deviceName,
    }: { readonly deviceKey: string | undefined; readonly deviceName: string | undefined },
  ): Promise<AuthenticateOutcome> {
    const { jwt, log } = this.#options;
    if (jwt === undefined) return invalidToken();
    const identity = await jwt.verify(token);
    if (identity.kind === 'refused') {
      log.info({ event: 'jwt_refused', reason: identity.reason }, 'a JWT was refused');
      return identity;
    }
    const { user, isNew } = await this.#externalUsers.see(identity);
    if (isNew)
      log.info(
        { event: 'account_created_by_jwt', user: user.id },
        "an app's user was seen for the first time",
      );
    const outcome = await this.#devices.byKey(user.id, deviceKey ?? DEFAULT_DEVICE_KEY, deviceName);
    if (outcome.kind === 'limit_reached') {
      return tooManyDevices('All of them are connected now; disconnect one first.');
    }
    return { kind: 'ok', user: known(user), device: outcome.device, expiresAt: identity.expiresAt };
  }
}

function known({ id, name }: User): KnownUser {
  return { id, name };
}

function refused(...[code, message, more]: Parameters<typeof fault>): Refused {
  return { kind: 'refused', fault: fault(code, message, more) };
}

function nameTaken(): Refused {
  return refused('name_taken', 'Another user has this name.', { field: 'name' });
}

function tooBusy({ retryAfterMs }: Busy): Refused {
  return refused('rate_limited', 'Too many people are signing in at once.', { retry_after_ms: retryAfterMs });
}

function invalidToken(): Refused {
  return refused('invalid_credentials', 'The token is not valid.');
}

function tooManyDevices(advice: string): Refused {
  return refused('limit_reached', `A user has at most ${DEVICES_PER_USER_MAX_COUNT} devices. ${advice}`);
}
