// Receipts: what devices have and users have read is stored as watermarks, and told to the other members.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import { LIVELY_MEMBERS_MAX_COUNT } from '@parley/protocol/limits';
import type { MemberStore } from '@parley/ports/member-store';
import type { ReceiptStep, ReceiptStore } from '@parley/ports/receipt-store';
import type { UserSettings } from '../presence/user-settings.ts';
import { seesReads } from './read-privacy.ts';
import type { ReceiptPushes } from './receipt-pushes.ts';

/** One device has everything up to `seq`. */
export interface ReceivedStep {
  readonly conversation: ConversationId;
  readonly seq: Seq;
  /** When the device said so. */
  readonly at: number;
  /** How many members the conversation had then; undefined where that was not in memory. */
  readonly members: number | undefined;
}

export class Receipts {
  readonly #store: ReceiptStore;
  readonly #members: MemberStore;
  readonly #settings: UserSettings;
  readonly #pushes: ReceiptPushes;

  constructor(parts: {
    receipts: ReceiptStore;
    members: MemberStore;
    settings: UserSettings;
    pushes: ReceiptPushes;
  }) {
    this.#store = parts.receipts;
    this.#members = parts.members;
    this.#settings = parts.settings;
    this.#pushes = parts.pushes;
  }

  /** Rejects as the store does; then it is to be done again. */
  async received(user: UserId, device: DeviceId, rows: readonly ReceivedStep[]): Promise<void> {
    const steps: ReceiptStep[] = [];
    for (const { conversation, seq, at, members } of rows) {
      const timed = isLively(members ?? (await this.#members.countMembers(conversation)));
      steps.push({ conversation, user, device, seq, at, timed });
    }
    const lively = new Set(steps.filter(({ timed }) => timed).map(({ conversation }) => conversation));
    for (const raised of await this.#store.raise(steps))
      if (lively.has(raised.conversation)) this.#pushes.add(raised);
  }

  /** Nothing is kept of a user who shows no reading [RECEIPT-4]. */
  async read(user: UserId, { conversation, seq, at, members }: ReceivedStep): Promise<void> {
    if (!(await seesReads(this.#settings, user))) return;
    const timed = isLively(members ?? (await this.#members.countMembers(conversation)));
    const raised = await this.#store.raise([{ conversation, user, device: undefined, seq, at, timed }]);
    if (timed) for (const each of raised) this.#pushes.add(each);
  }
}

function isLively(members: number): boolean {
  return members <= LIVELY_MEMBERS_MAX_COUNT;
}
