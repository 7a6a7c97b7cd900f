// The public keys of an app's back end, from a JWKS document in a file or behind a URL: cached, and read again when
// a token names a key that is not known, at most once per cool-down.
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';

/** However many unknown keys tokens name, and whether reading works or not. */
export const JWKS_COOL_DOWN_MS = 30_000;
/** A set this old is read again at its next use, so that a withdrawn key ends. */
export const JWKS_FRESH_MS = 10 * 60_000;
/** A set that cannot be read again is good for this long. */
export const JWKS_KEPT_MS = 60 * 60_000;

export type KeyOutcome =
  | { readonly kind: 'found'; readonly key: CryptoKey }
  | { readonly kind: 'unknown' }
  /** There is no set that could be used. */
  | { readonly kind: 'unavailable' };

export interface JwksKeysOptions {
  /** Reads the document; rejects when it cannot. */
  readonly read: () => Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Loaded {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly at: number;
}

export class JwksKeys {
  readonly #options: JwksKeysOptions;
  #loaded: Loaded | undefined;
  #lastRead: number | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: JwksKeysOptions) {
    this.#options = options;
  }

  /** Reads the set now. Rejects when it cannot be read or is no set, so that it is found at the start. */
  async load(): Promise<void> {
    const { read, clock } = this.#options;
    const find = createLocalJWKSet(JSON.parse(await read()) as JSONWebKeySet);
    this.#loaded = { find, at: clock.monotonic() };
  }

  /** The one key that fits the token's `alg` and `kid`. */
  async find(header: JWSHeaderParameters): Promise<KeyOutcome> {
    if (this.#age() > JWKS_FRESH_MS) await this.#refresh();
    const before = this.#loaded;
    const found = await this.#look(header);
    if (found.kind !== 'unknown') return found;
    await this.#refresh();
    return this.#loaded === before ? found : this.#look(header);
  }

  #age(): number {
    return this.#loaded === undefined ? Infinity : this.#options.clock.monotonic() - this.#loaded.at;
  }

  async #look(header: JWSHeaderParameters): Promise<KeyOutcome> {
    const loaded = this.#age() > JWKS_KEPT_MS ? undefined : this.#loaded;
    if (loaded === undefined) return { kind: 'unavailable' };
    try {
      return { kind: 'found', key: await loaded.find(header) };
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) {
        this.#options.log.warn(
          { event: 'jwks_key_refused', reason: reasonOf(error) },
          'a JWKS key cannot be used',
        );
      }
      return { kind: 'unknown' };
    }
  }

  /** Joins a reading that is under way; does nothing while cooling down. */
  #refresh(): Promise<void> {
    if (this.#reading !== undefined) return this.#reading;
    const now = this.#options.clock.monotonic();
    if (this.#lastRead !== undefined && now - this.#lastRead < JWKS_COOL_DOWN_MS) return Promise.resolve();
    this.#lastRead = now;
    this.#reading = this.#tryLoad().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #tryLoad(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      this.#options.log.warn(
        { event: 'jwks_unreadable', reason: reasonOf(error) },
        'the JWKS document cannot be read',
      );
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
