// Who is there, whom this user watches, and what this user lets be seen of being here and of writing.
import { USERS_PER_FRAME_MAX_COUNT } from '@parley/protocol/limits';
import type { Contacts, PresenceRow, SetPresence } from '@parley/protocol/presence';
import type { Calls } from './calls.ts';
import { pagesOf } from './pages.ts';
import type { StickyState } from './sticky-state.ts';
import type { TypingSignals } from './typing-signals.ts';
import type { UserDirectory, UserRef } from './user-directory.ts';

export type Contact = Contacts['rows'][number];

/** `client.presence`. What an answer says of users is told by a `presence` event as well. */
export class Presence {
  readonly #calls: Calls;
  readonly #users: UserDirectory;
  readonly #sticky: StickyState;
  readonly #typing: TypingSignals;

  constructor(options: { calls: Calls; users: UserDirectory; sticky: StickyState; typing: TypingSignals }) {
    this.#calls = options.calls;
    this.#users = options.users;
    this.#sticky = options.sticky;
    this.#typing = options.typing;
  }

  /** Makes them contacts, for good and on all devices: each connection begins with a snapshot of theirs. */
  watch(users: readonly UserRef[]): Promise<PresenceRow[]> {
    return this.#ask('watch', users);
  }

  async unwatch(users: readonly UserRef[]): Promise<void> {
    for (const user_ids of await this.#parts(users))
      await this.#calls.ask({ type: 'unwatch', user_ids }, 'done');
  }

  /** Once, without watching. */
  of(users: readonly UserRef[]): Promise<PresenceRow[]> {
    return this.#ask('get_presence', users);
  }

  /** Whom this user watches. */
  contacts(): AsyncIterable<Contact> {
    return pagesOf((after) => this.#calls.ask({ type: 'list_contacts', ...after }, 'contacts'));
  }

  /** Of this client, also after it reconnected. A user is away when every session says so. */
  setState(state: SetPresence['state']): Promise<void> {
    return this.#sticky.setPresence(state);
  }

  /**
   * The user is writing; may be called at each key. At most one signal in 3 s goes out, and none while there is no
   * connection: it is a hint that is never stored. `stopped`: nothing is being written any more.
   */
  typing(conversation_id: string, options: { stopped?: boolean } = {}): void {
    this.#typing.say(conversation_id, options.stopped === true);
  }

  async #ask(type: 'watch' | 'get_presence', users: readonly UserRef[]): Promise<PresenceRow[]> {
    const rows: PresenceRow[] = [];
    for (const user_ids of await this.#parts(users)) {
      rows.push(...(await this.#calls.ask({ type, user_ids }, 'presence')).rows);
    }
    return rows;
  }

  /** Their ids, as many in one part as a frame may name. */
  async #parts(users: readonly UserRef[]): Promise<string[][]> {
    const ids = await this.#users.idsOf(users);
    const parts: string[][] = [];
    for (let start = 0; start < ids.length; start += USERS_PER_FRAME_MAX_COUNT) {
      parts.push(ids.slice(start, start + USERS_PER_FRAME_MAX_COUNT));
    }
    return parts;
  }
}
