// Who is who: finds users by name or id, and remembers the names of those that were seen last.
import type { UserId } from '@parley/protocol/ids';
import { USERS_PER_FRAME_MAX_COUNT } from '@parley/protocol/limits';
import type { UserView } from '@parley/protocol/user';
import type { Calls } from './calls.ts';
import { NAMES_CACHED_MAX_COUNT } from './client-limits.ts';
import { deferred, errorOf, type Deferred } from './deferred.ts';
import type { EndOfTick } from './end-of-tick.ts';
import { localError } from './parley-error.ts';

/** A user, by exact name or by id. */
export type UserRef = { name: string } | { user_id: string };

export class UserDirectory {
  readonly #calls: Calls;
  readonly #endOfTick: EndOfTick;
  /** In the order of use, the oldest first. */
  readonly #names = new Map<string, string>();
  #asked = new Map<string, Deferred<string>>();
  readonly #askAll = (): void => this.#ask();

  constructor(options: { calls: Calls; endOfTick: EndOfTick }) {
    this.#calls = options.calls;
    this.#endOfTick = options.endOfTick;
  }

  /** Those that exist, in no particular order. */
  async find(which: { names?: readonly string[]; ids?: readonly string[] }): Promise<UserView[]> {
    const { names = [], ids = [] } = which;
    const found: UserView[] = [];
    for (const part of [...chunks(names, 'names'), ...chunks(ids, 'ids')]) {
      const { users } = await this.#calls.ask({ type: 'find_users', ...part }, 'users');
      for (const user of users) this.remember(user.user_id, user.name);
      found.push(...users);
    }
    return found;
  }

  /** Rejects with a ParleyError `not_found`. Calls of one tick share a request. */
  nameOf(user_id: string): Promise<string> {
    const known = this.#names.get(user_id);
    if (known !== undefined) {
      this.remember(user_id, known);
      return Promise.resolve(known);
    }
    const asked = this.#asked.get(user_id) ?? deferred<string>();
    this.#asked.set(user_id, asked);
    this.#endOfTick.collect(this.#askAll);
    return asked.promise;
  }

  /** Ids in the order of `refs`. Rejects with a ParleyError `not_found` that names who does not exist. */
  async idsOf(refs: readonly UserRef[]): Promise<string[]> {
    const names = refs.flatMap((ref) => ('name' in ref ? [ref.name] : []));
    const users = names.length === 0 ? [] : await this.find({ names });
    const byName = new Map<string, UserId>(users.map((user) => [user.name, user.user_id]));
    return refs.map((ref) => {
      if ('user_id' in ref) return ref.user_id;
      const id = byName.get(ref.name);
      if (id === undefined) throw localError('not_found', `There is no user ${ref.name}.`, { field: 'name' });
      return id;
    });
  }

  remember(user_id: string, name: string): void {
    this.#names.delete(user_id);
    this.#names.set(user_id, name);
    const oldest = this.#names.keys().next().value;
    if (this.#names.size > NAMES_CACHED_MAX_COUNT && oldest !== undefined) this.#names.delete(oldest);
  }

  #ask(): void {
    const asked = this.#asked;
    this.#asked = new Map();
    const settle = (): void => {
      for (const [id, { resolve, reject }] of asked) {
        const name = this.#names.get(id);
        if (name === undefined) reject(localError('not_found', `There is no user with the id ${id}.`));
        else resolve(name);
      }
    };
    this.find({ ids: [...asked.keys()] }).then(settle, (error: unknown) => {
      for (const { reject } of asked.values()) reject(errorOf(error));
    });
  }
}

function chunks(values: readonly string[], field: 'names' | 'ids'): Record<string, readonly string[]>[] {
  const parts: Record<string, readonly string[]>[] = [];
  for (let start = 0; start < values.length; start += USERS_PER_FRAME_MAX_COUNT) {
    parts.push({ [field]: values.slice(start, start + USERS_PER_FRAME_MAX_COUNT) });
  }
  return parts;
}
