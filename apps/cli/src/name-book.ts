// Names of users by id, asked for in bulk and remembered: a name never changes.
import type { ChatClient, Message } from '@parley/client';
import { USERS_PER_FRAME_MAX_COUNT } from '@parley/protocol/limits';
import { usersOf, usersOfMessage, type AnyEntry, type NameOf } from './entry-users.ts';

const NAMES_MAX_COUNT = 10_000;

export class NameBook {
  readonly #client: Pick<ChatClient, 'users'>;
  readonly #names = new Map<string, string>();

  constructor(client: Pick<ChatClient, 'users'>) {
    this.#client = client;
  }

  /** Looks up everyone that the entry speaks of. A user that is not found is shown by id. */
  namesFor(entry: AnyEntry): Promise<NameOf> {
    return this.namesOf(usersOf(entry));
  }

  /** The same for a message with all that happened to it. */
  namesForMessage(message: Message): Promise<NameOf> {
    return this.namesOf(usersOfMessage(message));
  }

  async namesOf(users: readonly string[]): Promise<NameOf> {
    const ids = [...new Set(users)];
    const names = new Map<string, string>();
    const unknown: string[] = [];
    for (const id of ids) {
      const name = this.#names.get(id);
      if (name === undefined) unknown.push(id);
      else names.set(id, name);
    }
    for (let at = 0; at < unknown.length; at += USERS_PER_FRAME_MAX_COUNT) {
      const found = await this.#client.users({ ids: unknown.slice(at, at + USERS_PER_FRAME_MAX_COUNT) });
      for (const { user_id, name } of found) {
        names.set(user_id, name);
        this.#remember(user_id, name);
      }
    }
    return (userId) => names.get(userId) ?? userId;
  }

  #remember(id: string, name: string): void {
    this.#names.set(id, name);
    if (this.#names.size <= NAMES_MAX_COUNT) return;
    for (const oldest of this.#names.keys()) {
      this.#names.delete(oldest);
      break;
    }
  }
}
