// Who may see whom: what a user's visibility and blocks leave of those who ask.
import type { UserId } from '@parley/protocol/ids';
import type { Visibility } from '@parley/protocol/settings';
import { DEFAULT_SETTINGS, type ContactStore } from '@parley/ports/contact-store';
import type { UserSettings } from './user-settings.ts';

/** What decides about one user's watchers. */
export interface Audience {
  readonly visibility: Visibility;
  readonly blocked: ReadonlySet<UserId>;
  /** Of the watchers that were asked about: whom the user watches. Nobody where that decides nothing. */
  readonly contacts: ReadonlySet<UserId>;
}

export class VisibilityRules {
  readonly #settings: UserSettings;
  readonly #contacts: ContactStore;
  /** Counts what may have changed who sees whom. */
  #version = 0;

  constructor(parts: { settings: UserSettings; contacts: ContactStore }) {
    this.#settings = parts.settings;
    this.#contacts = parts.contacts;
    parts.settings.listen({
      isPerNode: true,
      settingsChanged: () => this.changed(),
      blockChanged: () => this.changed(),
    });
  }

  changed(): void {
    this.#version += 1;
  }

  get version(): number {
    return this.#version;
  }

  /** Which of these users the watcher may see. */
  async seenBy(watcher: UserId, users: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    const [settings, blockers] = await Promise.all([
      this.#settings.of(users),
      this.#settings.blockersAmong(watcher, users),
    ]);
    const visibilityOf = (user: UserId) => (settings.get(user) ?? DEFAULT_SETTINGS).visibility;
    const choosy = users.filter((user) => visibilityOf(user) === 'contacts' && !blockers.has(user));
    const watching = new Set(choosy.length === 0 ? [] : await this.#contacts.watchersAmong(watcher, choosy));
    const audienceOf = (user: UserId): Audience => ({
      visibility: visibilityOf(user),
      blocked: blockers.has(user) ? new Set([watcher]) : NOBODY,
      contacts: watching.has(user) ? new Set([watcher]) : NOBODY,
    });
    return new Set(users.filter((user) => user === watcher || mayBeSeenBy(watcher, audienceOf(user))));
  }

  /** What decides whether these watchers see the user now; and, where another visibility is named, saw it. */
  async audienceOf(
    user: UserId,
    watchers: readonly UserId[],
    before: Visibility | undefined,
  ): Promise<Audience> {
    const [settings, blocked] = await Promise.all([this.#settings.one(user), this.#settings.blockedBy(user)]);
    const { visibility } = settings;
    const isChoosy = visibility === 'contacts' || before === 'contacts';
    const contacts = isChoosy ? new Set(await this.#contacts.contactsAmong(user, watchers)) : NOBODY;
    return { visibility, blocked, contacts };
  }
}

const NOBODY: ReadonlySet<UserId> = new Set();

export function mayBeSeenBy(watcher: UserId, audience: Audience): boolean {
  return !audience.blocked.has(watcher) && isLeftIn(watcher, audience);
}

/** By the visibility alone. */
export function isLeftIn(watcher: UserId, { visibility, contacts }: Omit<Audience, 'blocked'>): boolean {
  return visibility === 'everyone' || (visibility === 'contacts' && contacts.has(watcher));
}
