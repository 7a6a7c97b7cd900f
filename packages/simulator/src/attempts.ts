// For each client_msg_id: the requests that reached a server under it, and whether any of them may have stored something.
import type { Connection } from './connection.ts';

interface Attempt {
  /** Requests that no server has answered. */
  open: number;
  /** A server answered that it is stored, or that it does not know. */
  maybe: boolean;
}

export class Attempts {
  readonly #byKey = new Map<string, Attempt>();
  readonly #requests = new WeakMap<Connection, Map<number, readonly string[]>>();

  /** A request arrived; `keys` name what it asks to be stored. */
  arrived(connection: Connection, ref: number, keys: readonly string[]): void {
    const requests = this.#requests.get(connection) ?? new Map<number, readonly string[]>();
    this.#requests.set(connection, requests.set(ref, keys));
    for (const key of keys) this.#of(key).open += 1;
  }

  /** The server answered, with a refusal or not. Returns the keys under which nothing may be stored now. */
  answered(connection: Connection, ref: number, isRefused: (key: string) => boolean): string[] {
    const requests = this.#requests.get(connection);
    const keys = requests?.get(ref) ?? [];
    for (const key of keys) {
      const attempt = this.#of(key);
      attempt.open -= 1;
      attempt.maybe ||= !isRefused(key);
    }
    requests?.delete(ref);
    return keys.filter((key) => !this.mayBeStored(key));
  }

  keysOf(connection: Connection, ref: number): readonly string[] {
    return this.#requests.get(connection)?.get(ref) ?? [];
  }

  /** Whether something under this key may be in a log. */
  mayBeStored(key: string): boolean {
    const attempt = this.#byKey.get(key);
    return attempt !== undefined && (attempt.open > 0 || attempt.maybe);
  }

  #of(key: string): Attempt {
    const attempt = this.#byKey.get(key) ?? { open: 0, maybe: false };
    this.#byKey.set(key, attempt);
    return attempt;
  }
}
