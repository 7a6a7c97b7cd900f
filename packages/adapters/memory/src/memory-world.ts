// What the durable stores in memory share: the data that a crash keeps, and how long a call takes.
import type { Device, TokenRecord, User } from '@parley/ports/account-store';
import type { Settings } from '@parley/ports/contact-store';
import type { InviteRecord } from '@parley/ports/invite-store';
import type { NodeRow } from '@parley/ports/lease-store';
import type { ConversationRecord, Membership } from '@parley/ports/member-store';
import type { StoredEntry, StoredState, Token } from '@parley/ports/message-store';
import type { HiddenMessage, Mention } from '@parley/ports/personal-store';
import type { ReportRecord } from '@parley/ports/report-store';
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
  /** The entry that the settings are from. */
  settingsSeq: Seq;
  asOf: Seq;
  readonly members: Map<UserId, { readonly membership: Membership; readonly seq: Seq }>;
}

/** The steps of one device, or of a user's reading, in order; one without a time says only that it was passed. */
export interface StepRows {
  seq: Seq;
  steps: { readonly seq: Seq; readonly at: number | undefined }[];
}

export interface ReceiptRows {
  readonly devices: Map<DeviceId, StepRows>;
  readonly read: StepRows;
}

export interface PersonalRow {
  read: Seq | undefined;
  /** Where the user last joined. */
  begun: Seq;
  mutedUntil: number;
  archived: boolean;
  pinned: boolean;
}

export interface InviteRows {
  readonly record: InviteRecord;
  /** Who came by it. */
  readonly users: Set<UserId>;
}

export interface LeasedNode {
  readonly row: NodeRow;
  readonly until: number;
}

export interface LeasedShard {
  readonly node: string;
  readonly until: number;
}

/** The last interval of a worker id. */
export interface LeasedWorker {
  readonly node: string;
  readonly start: number;
  until: number;
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
  readonly receipts: Map<ConversationId, Map<UserId, ReceiptRows>>;
  readonly personal: Map<UserId, Map<ConversationId, PersonalRow>>;
  readonly mentions: Map<ConversationId, Map<Seq, Mention>>;
  /** The greatest asOf of the mentions that were set. */
  readonly mentionsAsOf: SeqByConversation;
  readonly hidden: Map<UserId, HiddenMessage[]>;
  /** By conversation and thread: whether a user follows it, or once stopped. */
  readonly followers: Map<string, Map<UserId, boolean>>;
  readonly settings: Map<UserId, Settings>;
  readonly contacts: Map<UserId, Set<UserId>>;
  readonly blocks: Map<UserId, Set<UserId>>;
  readonly lastSeen: Map<UserId, number>;
  readonly invites: Map<string, InviteRows>;
  readonly reports: Map<string, ReportRecord>;
  readonly nodes: Map<string, LeasedNode>;
  readonly shards: Map<number, LeasedShard>;
  readonly workers: Map<number, LeasedWorker>;
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
    receipts: new Map(),
    personal: new Map(),
    mentions: new Map(),
    mentionsAsOf: new Map(),
    hidden: new Map(),
    followers: new Map(),
    settings: new Map(),
    contacts: new Map(),
    blocks: new Map(),
    lastSeen: new Map(),
    invites: new Map(),
    reports: new Map(),
    nodes: new Map(),
    shards: new Map(),
    workers: new Map(),
  };
}
