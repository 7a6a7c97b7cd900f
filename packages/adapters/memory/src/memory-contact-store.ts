// Settings, contacts, blocks and last-seen times in memory.
import { DEFAULT_SETTINGS, type ContactStore, type Settings } from '@parley/ports/contact-store';
import type { UserId } from '@parley/protocol/ids';
import { compareIds } from './id-order.ts';
import { type DecideFault, MemoryHandle } from './memory-handle.ts';
import type { MemoryWorld } from './memory-world.ts';

type Relations = Map<UserId, Set<UserId>>;

export class MemoryContactStore implements ContactStore {
  readonly #handle: MemoryHandle;

  constructor(world: MemoryWorld, fault?: DecideFault) {
    this.#handle = new MemoryHandle({ world, store: 'contacts', fault });
  }

  settings(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Settings>> {
    return this.#handle.call(
      { method: 'settings' },
      (state) => new Map(users.map((user) => [user, state.settings.get(user) ?? DEFAULT_SETTINGS])),
    );
  }

  setSettings(user: UserId, settings: Settings): Promise<void> {
    return this.#handle.call({ method: 'setSettings' }, (state) => {
      state.settings.set(user, { ...settings });
    });
  }

  watch(user: UserId, others: readonly UserId[], max: number): Promise<boolean> {
    return this.#handle.call({ method: 'watch' }, (state) => add(state.contacts, user, others, max));
  }

  unwatch(user: UserId, others: readonly UserId[]): Promise<void> {
    return this.#handle.call({ method: 'unwatch' }, (state) => {
      for (const other of others) state.contacts.get(user)?.delete(other);
    });
  }

  contacts(user: UserId, after: UserId | undefined, limit: number): Promise<readonly UserId[]> {
    return this.#handle.call({ method: 'contacts' }, (state) => page(state.contacts, user, after, limit));
  }

  watchersAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]> {
    return this.#handle.call({ method: 'watchersAmong' }, (state) =>
      pointingAt(state.contacts, user, others),
    );
  }

  contactsAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]> {
    return this.#handle.call({ method: 'contactsAmong' }, (state) =>
      others.filter((other) => state.contacts.get(user)?.has(other) === true),
    );
  }

  block(user: UserId, other: UserId, max: number): Promise<boolean> {
    return this.#handle.call({ method: 'block' }, (state) => add(state.blocks, user, [other], max));
  }

  unblock(user: UserId, other: UserId): Promise<void> {
    return this.#handle.call({ method: 'unblock' }, (state) => {
      state.blocks.get(user)?.delete(other);
    });
  }

  blocked(user: UserId, after: UserId | undefined, limit: number): Promise<readonly UserId[]> {
    return this.#handle.call({ method: 'blocked' }, (state) => page(state.blocks, user, after, limit));
  }

  blockersAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]> {
    return this.#handle.call({ method: 'blockersAmong' }, (state) => pointingAt(state.blocks, user, others));
  }

  lastSeen(users: readonly UserId[]): Promise<ReadonlyMap<UserId, number>> {
    return this.#handle.call({ method: 'lastSeen' }, (state) => {
      return new Map(
        users.flatMap((user) => {
          const at = state.lastSeen.get(user);
          return at === undefined ? [] : [[user, at] as const];
        }),
      );
    });
  }

  setLastSeen(rows: readonly { readonly user: UserId; readonly at: number }[]): Promise<void> {
    return this.#handle.call({ method: 'setLastSeen' }, (state) => {
      for (const { user, at } of rows) state.lastSeen.set(user, Math.max(at, state.lastSeen.get(user) ?? 0));
    });
  }

  /** As MemoryMessageStore's. */
  crash(): void {
    this.#handle.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

function add(relations: Relations, user: UserId, others: readonly UserId[], max: number): boolean {
  const all = new Set([...(relations.get(user) ?? []), ...others]);
  if (all.size > max && all.size > (relations.get(user)?.size ?? 0)) return false;
  relations.set(user, all);
  return true;
}

function page(relations: Relations, user: UserId, after: UserId | undefined, limit: number): UserId[] {
  return [...(relations.get(user) ?? [])]
    .filter((other) => after === undefined || compareIds(other, after) > 0)
    .sort(compareIds)
    .slice(0, limit);
}

function pointingAt(relations: Relations, user: UserId, others: readonly UserId[]): UserId[] {
  return others.filter((other) => relations.get(other)?.has(user) === true);
}
