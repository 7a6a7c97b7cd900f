// Invitations on SQLite: writes by the writer's thread, reads by the reader's.
import type { InviteRecord, InviteStore, UseOutcome } from '@parley/ports/invite-store';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { ReadQueue } from './read-queue.ts';
import type { WriteQueue } from './write-queue.ts';

export interface SqliteInviteStoreOptions {
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
}

export class SqliteInviteStore implements InviteStore {
  readonly #writes: WriteQueue;
  readonly #reads: ReadQueue;

  constructor({ writes, reads }: SqliteInviteStoreOptions) {
    this.#writes = writes;
    this.#reads = reads;
  }

  create(invite: InviteRecord, max: number): Promise<boolean> {
    return this.#writes.call('createInvite', 0, invite, max);
  }

  invite(code: string): Promise<InviteRecord | undefined> {
    return this.#reads.call('invite', code);
  }

  open(conversation: ConversationId, now: number): Promise<readonly InviteRecord[]> {
    return this.#reads.call('openInvites', conversation, now);
  }

  revoke(conversation: ConversationId, code: string): Promise<boolean> {
    return this.#writes.call('revokeInvite', 0, conversation, code);
  }

  use(code: string, user: UserId, now: number): Promise<UseOutcome> {
    return this.#writes.call('useInvite', 0, code, user, now);
  }

  giveBack(code: string, user: UserId): Promise<void> {
    return this.#writes.call('giveInviteBack', 0, code, user);
  }

  dropExpired(before: number): Promise<void> {
    return this.#writes.call('dropExpiredInvites', 0, before);
  }

  /** Nothing by itself: the stores share one database, which SqliteStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
