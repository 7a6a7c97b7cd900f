// Password hashing by argon2id, as the runtime has it. Behind an interface, so that tests can use a cheap one.
import type { Randomness } from '@parley/ports/randomness';

/** One way to hash passwords. Slow on purpose: only the pool in password-hasher.ts calls it. */
export interface PasswordAlgorithm {
  /** A PHC string with its parameters and salt. */
  hash(password: string): Promise<string>;
  /** False for an empty password. Throws when the hash is not a PHC string. */
  verify(password: string, hash: string): Promise<boolean>;
  /** The hash was made with weaker parameters than those of today, or in another way. */
  needsRehash(hash: string): boolean;
  /** A well-formed hash that no password is known for; to verify against it costs as much as any other. */
  decoy(): string;
}

export interface Argon2idOptions {
  readonly memoryKib: number;
  readonly iterations: number;
  readonly randomness: Randomness;
}

/** OWASP's first choice for argon2id with p=1; 19 MiB and about 30 ms a hash. */
export const ARGON2ID_MEMORY_KIB = 19_456;
export const ARGON2ID_ITERATIONS = 2;

/** The runtime fixes the parallelism at 1; a hash that says otherwise came from elsewhere. */
const PARALLELISM = 1;
const SALT_BYTES = 32;
const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,3})\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;

export class Argon2id implements PasswordAlgorithm {
  readonly #options: Argon2idOptions;

  constructor(options: Argon2idOptions) {
    this.#options = options;
  }

  hash(password: string): Promise<string> {
    const { memoryKib, iterations } = this.#options;
    return Bun.password.hash(password, {
      algorithm: 'argon2id',
      memoryCost: memoryKib,
      timeCost: iterations,
    });
  }

  verify(password: string, hash: string): Promise<boolean> {
    return Bun.password.verify(password, hash);
  }

  needsRehash(hash: string): boolean {
    const [, memory, iterations, parallelism] = PHC.exec(hash) ?? [];
    return (
      Number(parallelism) !== PARALLELISM ||
      Number(memory) < this.#options.memoryKib ||
      Number(iterations) < this.#options.iterations
    );
  }

  decoy(): string {
    const { memoryKib, iterations, randomness } = this.#options;
    const part = (count: number) =>
      Buffer.from(randomness.bytes(count)).toString('base64').replaceAll('=', '');
    return `$argon2id$v=19$m=${memoryKib},t=${iterations},p=${PARALLELISM}$${part(SALT_BYTES)}$${part(TAG_BYTES)}`;
  }
}
