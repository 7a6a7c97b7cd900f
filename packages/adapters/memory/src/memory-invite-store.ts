// Invitations in memory.
import type { InviteRecord, InviteStore, UseOutcome } from '@parley/ports/invite-store';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { type DecideFault, MemoryHandle } from './memory-handle.ts';
import type { InviteRows, MemoryWorld, WorldState } from './memory-world.ts';

export class MemoryInviteStore implements InviteStore {
  readonly #handle: MemoryHandle;

  constructor(world: MemoryWorld, fault?: DecideFault) {
    this.#handle = new MemoryHandle({ world, store: 'invites', fault });
  }

  create(invite: InviteRecord, max: number): Promise<boolean> {
    return this.#handle.call({ method: 'create' }, (state) => {
      if (state.invites.has(invite.code)) return true;
      if (openOf(state, invite.conversation, invite.createdAt).length >= max) return false;
      state.invites.set(invite.code, { record: { ...invite, uses: 0 }, users: new Set() });
      return true;
    });
  }

  invite(code: string): Promise<InviteRecord | undefined> {
    return this.#handle.call({ method: 'invite' }, (state) => {
      const rows = state.invites.get(code);
      return rows === undefined ? undefined : recordOf(rows);
    });
  }

  open(conversation: ConversationId, now: number): Promise<readonly InviteRecord[]> {
    return this.#handle.call({ method: 'open' }, (state) => openOf(state, conversation, now));
  }

  revoke(conversation: ConversationId, code: string): Promise<boolean> {
    return this.#handle.call({ method: 'revoke' }, (state) => {
      return state.invites.get(code)?.record.conversation === conversation && state.invites.delete(code);
    });
  }

  use(code: string, user: UserId, now: number): Promise<UseOutcome> {
    return this.#handle.call({ method: 'use' }, (state) => {
      const rows = state.invites.get(code);
      if (rows === undefined) return { kind: 'invalid' };
      const { record, users } = rows;
      if (!users.has(user) && !isOpen(rows, now)) return { kind: 'invalid' };
      if (record.expiresAt <= now) return { kind: 'invalid' };
      users.add(user);
      return { kind: 'used', conversation: record.conversation };
    });
  }

  giveBack(code: string, user: UserId): Promise<void> {
    return this.#handle.call({ method: 'giveBack' }, (state) => {
      state.invites.get(code)?.users.delete(user);
    });
  }

  dropExpired(before: number): Promise<void> {
    return this.#handle.call({ method: 'dropExpired' }, (state) => {
      for (const [code, { record }] of state.invites) {
        if (record.expiresAt < before) state.invites.delete(code);
      }
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

const recordOf = ({ record, users }: InviteRows): InviteRecord => ({ ...record, uses: users.size });

const isOpen = ({ record, users }: InviteRows, now: number) =>
  record.expiresAt > now && (record.usesMax === undefined || users.size < record.usesMax);

function openOf(state: WorldState, conversation: ConversationId, now: number): InviteRecord[] {
  return [...state.invites.values()]
    .filter((rows) => rows.record.conversation === conversation && isOpen(rows, now))
    .map(recordOf)
    .sort((one, other) => other.createdAt - one.createdAt || (one.code < other.code ? -1 : 1));
}
