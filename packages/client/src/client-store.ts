// Where a client keeps what must outlive it: sends that are not answered yet, and how far the app has got.
import type { ClientMsgId, ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { Outgoing } from '@parley/protocol/send';

/** A send that the server has not answered for good. */
export type PendingSend = Outgoing & { conversation_id: ConversationId };

export type Cursor = { conversation_id: ConversationId; seq: Seq };

/** Whose logs the cursors belong to. */
export type StoreOwner = { user_id: UserId; log_id: string };

export type StoredState = {
  /** Undefined in a store that no session has used yet. */
  owner: StoreOwner | undefined;
  cursors: readonly Cursor[];
  /** In the order in which they were saved. */
  pending: readonly PendingSend[];
  /** What `saveHidden` was given last; 0, or absent, where there was nothing. */
  hidden?: number;
};

/**
 * One store belongs to one device of one user, and to one client at a time. A call that returned (or whose promise
 * resolved) must be durable as far as the app cares; calls are never made while an earlier one is under way.
 */
export interface ClientStore {
  load(): StoredState | Promise<StoredState>;
  savePending(sends: readonly PendingSend[]): void | Promise<void>;
  removePending(ids: readonly ClientMsgId[]): void | Promise<void>;
  /** A conversation's later cursor replaces its earlier one. */
  saveCursors(cursors: readonly Cursor[]): void | Promise<void>;
  /**
   * How far the app was told of the messages that the user hid. A store without it is told of all of them again by each
   * new client; nothing else comes of it.
   */
  saveHidden?(number: number): void | Promise<void>;
  /** Sets the owner and forgets every cursor and `hidden`; pending sends stay. */
  reset(owner: StoreOwner): void | Promise<void>;
}
