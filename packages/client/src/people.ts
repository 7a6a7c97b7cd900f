// What this user lets others see, and whom this user keeps away.
import type { UserId } from '@parley/protocol/ids';
import type { Blocked, SettingsFrame } from '@parley/protocol/settings';
import type { Calls } from './calls.ts';
import type { ClientEvent } from './event.ts';
import { pagesOf } from './pages.ts';
import type { UserDirectory, UserRef } from './user-directory.ts';

/** `read_receipts`: off, neither side sees what the other has read. `visibility`: who sees this user's presence. */
export type Settings = Pick<SettingsFrame, 'read_receipts' | 'visibility'>;

export type BlockedUser = Blocked['rows'][number];

/** `client.people`. Changes are told by `settings` and `blocked` events as well. */
export class People {
  readonly #calls: Calls;
  readonly #users: UserDirectory;
  readonly #emit: (event: ClientEvent) => void;

  constructor(options: { calls: Calls; users: UserDirectory; emit: (event: ClientEvent) => void }) {
    this.#calls = options.calls;
    this.#users = options.users;
    this.#emit = options.emit;
  }

  async settings(): Promise<Settings> {
    return settingsOf(await this.#calls.ask({ type: 'get_settings' }, 'settings'));
  }

  /** What is left out stays as it is. */
  async setSettings(settings: Partial<Settings>): Promise<Settings> {
    return settingsOf(await this.#calls.ask({ type: 'set_settings', ...settings }, 'settings'));
  }

  /** No message of that user comes in the direct conversation, and none of this user's presence goes there. */
  block(user: UserRef): Promise<void> {
    return this.#block(user, true);
  }

  unblock(user: UserRef): Promise<void> {
    return this.#block(user, false);
  }

  blocked(): AsyncIterable<BlockedUser> {
    return pagesOf((after) => this.#calls.ask({ type: 'list_blocked', ...after }, 'blocked'));
  }

  async #block(user: UserRef, blocked: boolean): Promise<void> {
    const [id] = await this.#users.idsOf([user]);
    const user_id = id as UserId;
    await this.#calls.ask({ type: blocked ? 'block_user' : 'unblock_user', user_id }, 'done');
    this.#emit({ kind: 'blocked', user_id, blocked });
  }
}

export function settingsOf({ read_receipts, visibility }: Settings): Settings {
  return { read_receipts, visibility };
}
