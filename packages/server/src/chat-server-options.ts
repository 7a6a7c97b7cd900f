// What a chat server is made of: the ports, and what its operator decided.
import type { AccountStore } from '@parley/ports/account-store';
import type { Clock } from '@parley/ports/clock';
import type { ContactStore } from '@parley/ports/contact-store';
import type { IdSource } from '@parley/ports/id-source';
import type { InviteStore } from '@parley/ports/invite-store';
import type { Log } from '@parley/ports/log';
import type { MemberStore } from '@parley/ports/member-store';
import type { MessageStore } from '@parley/ports/message-store';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { PersonalStore } from '@parley/ports/personal-store';
import type { Randomness } from '@parley/ports/randomness';
import type { ReceiptStore } from '@parley/ports/receipt-store';
import type { ReportStore } from '@parley/ports/report-store';
import type { StatusCache } from '@parley/ports/status-cache';
import type { Timers } from '@parley/ports/timers';
import type { JwtVerifier } from './account/jwt-verifier.ts';
import type { PasswordHasher } from './account/password-hasher.ts';
import type { ClusterOptions } from './cluster/cluster-options.ts';

export interface ChatServerOptions {
  readonly messages: MessageStore;
  readonly members: MemberStore;
  readonly queue: OfflineQueue;
  readonly accounts: AccountStore;
  readonly receipts: ReceiptStore;
  readonly personal: PersonalStore;
  readonly contacts: ContactStore;
  readonly invites: InviteStore;
  readonly reports: ReportStore;
  /** Who is online, for other nodes to read; may be wiped at any time. An installation of one node needs none. */
  readonly status: StatusCache | undefined;
  /** Whether the stores answer now, where they are elsewhere. Never rejects. */
  readonly storesReady?: () => Promise<boolean>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly ids: IdSource;
  readonly log: Log;
  readonly hasher: PasswordHasher;
  /** Without it, JWTs are refused. */
  readonly jwt: JwtVerifier | undefined;
  readonly registration: 'open' | 'closed';
  readonly tokenLifetimeMs: number;
  /** Web pages that may connect; exact origins. */
  readonly origins: readonly string[];
  /** What waited longer is not streamed to a device that comes back. */
  readonly queueRetentionMs: number;
  /** What is older is dropped from the log; undefined keeps it for ever. */
  readonly logRetentionMs: number | undefined;
  /** For how long an author may edit and delete a message; undefined: for ever. */
  readonly editWindowMs: number | undefined;
  /** In groups with so many members or more entries are pushed to those alone who look at them [LARGE-1]. */
  readonly largeGroupMembers: number;
  /** Without it, this server is the only one on its stores. */
  readonly cluster?: ClusterOptions;
}
