// What the durable stores in memory share: the data that a crash keeps, and how long a call takes.
import type { Device, TokenRecord, User } from '@parley/ports/account-store';
import type { ConversationRecord, Membership } from '@parley/ports/member-store';
import type { StoredEntry, StoredState, Token } from '@parley/ports/message-store';
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';

export interface LogRows {
  token: Token | undefined;
  head: Seq;
  floor: Seq;
  /** Those above the floor, in seq order. */
  rows: StoredEntry[];
  /** By sender and client_msg_id. */
  readonly byKey: Map<string, StoredEntry>;
  /** By the seq of the message. */
  readonly states: Map<Seq, StoredState>;
}

export interface ConversationRows {
  record: ConversationRecord;
  /** The entry that the title is from. */
  titleSeq: Seq;
  asOf: Seq;
  readonly members: Map<UserId, { readonly membership: Membership; readonly seq: Seq }>;
}

export type SeqByConversation = Map<ConversationId, Seq>;

/** Plain data: a structured clone of it is a backup. */
export interface WorldState {
  readonly logs: Map<ConversationId, LogRows>;
  readonly conversations: Map<ConversationId, ConversationRows>;
  /** By what makes a creation idempotent. */
  readonly creations: Map<string, ConversationId>;
  /** Also those that the user left. */
  readonly conversationsOf: Map<UserId, Set<ConversationId>>;
  /** The heads that `advance` wrote. */
  readonly inbox: Map<UserId, SeqByConversation>;
  /** By user and device. */
  readonly marks: Map<string, SeqByConversation>;
  readonly users: Map<UserId, User>;
  readonly devices: Map<DeviceId, Device>;
  readonly tokens: Map<string, TokenRecord>;
}

export interface MemoryWorldOptions {
  readonly logId?: string;
  readonly state?: WorldState;
  /** Waited for before and after the moment in which a call has its effect. By default one turn of the promises. */
  readonly pause?: () => Promise<void>;
}

/** Stores opened on the same world see the same data, one after another or at the same time, like one database. */
export class MemoryWorld {
  readonly logId: string;
  readonly state: WorldState;
  readonly pause: () => Promise<void>;

  constructor(options: MemoryWorldOptions = {}) {
    this.logId = options.logId ?? 'memory-1';
    this.state = options.state ?? emptyState();
    this.pause = options.pause ?? (() => Promise.resolve());
  }

  /** The data as it is now, as a backup holds it. Restore it as a world with a logId of its own. */
  snapshot(): WorldState {
    return structuredClone(this.state);
  }
}

function emptyState(): WorldState {
  return {
    logs: new Map(),
    conversations: new Map(),
    creations: new Map(),
    conversationsOf: new Map(),
    inbox: new Map(),
    marks: new Map(),
    users: new Map(),
    devices: new Map(),
    tokens: new Map(),
  };
}
