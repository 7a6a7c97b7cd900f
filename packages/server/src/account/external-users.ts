// Users whom an app's back end vouches for: created when their first token is seen, with a name of their own.
import type { AccountStore, User } from '@parley/ports/account-store';
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { Randomness } from '@parley/ports/randomness';
import type { UserId } from '@parley/protocol/ids';
import { USER_NAME_MAX_CHARS } from '@parley/protocol/limits';
import { userNameSchema } from '@parley/protocol/user';
import type { JwtIdentity } from './jwt-verifier.ts';

/** Names with a new suffix that are tried; that all are taken is next to impossible. */
const SUFFIXED_NAMES_MAX_COUNT = 8;
const SUFFIX_BYTES = 4;
const FALLBACK_NAME = 'user';

export interface ExternalUsersOptions {
  readonly store: AccountStore;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

export interface SeenUser {
  readonly user: User;
  readonly isNew: boolean;
}

export class ExternalUsers {
  readonly #options: ExternalUsersOptions;

  constructor(options: ExternalUsersOptions) {
    this.#options = options;
  }

  /**
   * The user of a token's issuer and subject. Found by these alone: a user who has a password is never taken over,
   * whatever name the token carries. The store makes many first sights at once one user.
   */
  async see(identity: JwtIdentity): Promise<SeenUser> {
    const { store, ids, clock } = this.#options;
    const externalId = `${identity.issuer}|${identity.subject}`;
    const known = await store.userByExternalId(externalId);
    if (known !== undefined) return { user: known, isNew: false };
    const id = ids.next() as UserId;
    for (const name of this.#names(identity)) {
      const user: User = { id, name, passwordHash: undefined, externalId, createdAt: clock.now() };
      const outcome = await store.createUser(user);
      switch (outcome.kind) {
        case 'created':
          return { user, isNew: true };
        case 'exists':
          return { user: outcome.user, isNew: false };
        case 'name_taken':
          break;
      }
    }
    throw new Error('No free name was found for a new user.');
  }

  /** What the app calls the user, the subject, and then the first of them made fit, with a random ending. */
  *#names({ name, subject }: JwtIdentity): Generator<string> {
    for (const wish of [name, subject]) {
      if (wish !== undefined && userNameSchema.safeParse(wish).success) yield wish;
    }
    for (let count = 0; count < SUFFIXED_NAMES_MAX_COUNT; count += 1) {
      const suffix = Buffer.from(this.#options.randomness.bytes(SUFFIX_BYTES)).toString('hex');
      yield `${fitName(name ?? subject, USER_NAME_MAX_CHARS - suffix.length - 1)}-${suffix}`;
    }
  }
}

/** The nearest to a text that is a valid user name of at most `maxChars`: "Zoë Müller" becomes "zoe-muller". */
export function fitName(text: string, maxChars: number): string {
  const plain = text
    .slice(0, 4 * maxChars)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase();
  const name = plain
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, maxChars)
    .replace(/[._-]+$/, '');
  return name === '' ? FALLBACK_NAME : name;
}
