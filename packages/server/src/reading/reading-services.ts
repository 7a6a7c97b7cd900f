// The services about what is read, put together: the server wires them as one.
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { MemberStore } from '@parley/ports/member-store';
import type { MessageStore } from '@parley/ports/message-store';
import type { PersonalStore } from '@parley/ports/personal-store';
import type { ReceiptStore } from '@parley/ports/receipt-store';
import type { Timers } from '@parley/ports/timers';
import type { LiveSessions } from '../connection/live-sessions.ts';
import type { AccessRules } from '../message/access.ts';
import type { Owners } from '../message/owners.ts';
import type { RaiseReceived } from '../message/received-marks.ts';
import type { UserSettings } from '../presence/user-settings.ts';
import { FollowedThreads } from './followed-threads.ts';
import { HiddenMessages, type HiddenParts } from './hidden-messages.ts';
import { livelyMembers } from './lively-members.ts';
import { personalRequests } from './personal-requests.ts';
import { ReadMarks } from './read-marks.ts';
import { readingRequests } from './reading-requests.ts';
import { ReceiptPushes } from './receipt-pushes.ts';
import { ReceiptViews } from './receipt-views.ts';
import { Receipts } from './receipts.ts';
import { Standings } from './standings.ts';

export interface ReadingParts {
  readonly messages: MessageStore;
  readonly members: MemberStore;
  readonly receipts: ReceiptStore;
  readonly personal: PersonalStore;
  readonly owners: Owners;
  readonly access: AccessRules;
  readonly settings: UserSettings;
  readonly sessions: LiveSessions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly onHidden?: HiddenParts['onHidden'];
}

export class ReadingServices {
  readonly standings: Standings;
  readonly hidden: HiddenMessages;
  /** For the received marks, which are receipts as well. */
  readonly raiseReceived: RaiseReceived;
  readonly requests: ReturnType<typeof requestsOf>;
  readonly #pushes: ReceiptPushes;

  constructor(parts: ReadingParts) {
    this.standings = new Standings(parts);
    this.hidden = new HiddenMessages(parts);
    this.#pushes = new ReceiptPushes({
      ...parts,
      membersOf: (conversation) => livelyMembers(parts, conversation),
    });
    const receipts = new Receipts({ ...parts, pushes: this.#pushes });
    this.raiseReceived = receipts.received.bind(receipts);
    const marks = new ReadMarks({ ...parts, receipts, standings: this.standings });
    this.requests = requestsOf(parts, marks, this.hidden);
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#pushes.stop();
  }
}

function requestsOf(parts: ReadingParts, marks: ReadMarks, hidden: HiddenMessages) {
  return {
    ...readingRequests({ marks, views: new ReceiptViews(parts) }),
    ...personalRequests({ marks, hidden, threads: new FollowedThreads(parts) }),
  };
}
