// The timeline of one message: from the server's hands to people's eyes.
import { fault } from '@parley/protocol/error-code';
import type { MessageId, Seq, UserId } from '@parley/protocol/ids';
import { TIMELINE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { Timeline } from '@parley/protocol/trace';
import type { MessageStore, StoredEntry } from '@parley/ports/message-store';
import type { ReceiptStore } from '@parley/ports/receipt-store';
import type { ConversationId } from '@parley/protocol/ids';
import type { Handlers } from '../request/request.ts';
import type { AccessRules } from './access.ts';
import type { Timelines } from './timelines.ts';

export interface TraceParts {
  readonly messages: MessageStore;
  readonly receipts: ReceiptStore;
  readonly access: AccessRules;
  readonly timelines: Timelines;
  /** [RECEIPT-4] Whether this user is shown who read what. */
  readonly seesReads: (user: UserId) => Promise<boolean>;
}

type Reach = Pick<Timeline, 'delivered' | 'read'>;

const NO_MESSAGE = {
  fault: fault('not_found', 'There is no such message.', { field: 'message_id' }),
} as const;

export function traceRequests(parts: TraceParts): Handlers<'get_timeline'> {
  return {
    get_timeline: async ({ user }, { ref, message_id }) => {
      const found = await located(parts, user, message_id);
      if (found === undefined) return NO_MESSAGE;
      const { conversation, entry, isMember } = found;
      const { seq, sender, at } = entry;
      // How far a message got after one left is no longer one's to see (RECEIPT-5).
      const reach = isMember ? await reachOf(parts, user, conversation, entry) : { delivered: [], read: [] };
      const common = { type: 'timeline', ref, message_id, conversation_id: conversation } as const;
      return { ...common, seq, sender, at, ...serverTimes(parts, message_id), ...reach };
    },
  };
}

/** A message whose time is known may be anyone's: whether the user may read it is asked as for any reading. */
async function located({ messages, access }: TraceParts, user: UserId, id: MessageId) {
  const found = await messages.locate(id);
  if (found?.entry.kind !== 'message') return undefined;
  const { conversation, entry } = found;
  const allowed = await access.of(conversation, user);
  if (allowed === undefined || !covers(allowed, entry.seq)) return undefined;
  return { conversation, entry, isMember: !allowed.removed };
}

function covers(allowed: { readonly visibleAfter: Seq; readonly until: Seq }, seq: Seq): boolean {
  return seq > allowed.visibleAfter && seq <= allowed.until;
}

function serverTimes({ timelines }: TraceParts, id: MessageId) {
  const times = timelines.of(id);
  return times === undefined
    ? {}
    : { accepted_at: times.acceptedAt, durable_at: times.durableAt, fanned_out_at: times.fannedOutAt };
}

async function reachOf(
  { receipts, seesReads }: TraceParts,
  user: UserId,
  conversation: ConversationId,
  { seq, sender }: StoredEntry,
): Promise<Reach> {
  const devices = await receipts.devices(conversation, seq, TIMELINE_ROWS_MAX_COUNT);
  const delivered = devices.map(({ user: user_id, device, at }) => ({
    user_id,
    device_id: device,
    ...timed(at),
  }));
  const sees = await seesReads(user);
  const read: Reach['read'] = [];
  let after: UserId | undefined;
  do {
    const page = await receipts.passed(conversation, seq, {
      except: sender,
      after,
      limit: TIMELINE_ROWS_MAX_COUNT,
    });
    for (const row of page.rows) {
      // One's own reading is no secret from oneself.
      if (row.read !== undefined && (sees || row.user === user))
        read.push({ user_id: row.user, ...timed(row.read.at) });
    }
    after = page.next;
  } while (after !== undefined && read.length < TIMELINE_ROWS_MAX_COUNT);
  return { delivered, read: read.slice(0, TIMELINE_ROWS_MAX_COUNT) };
}

function timed(at: number | undefined): { readonly at?: number } {
  return at === undefined ? {} : { at };
}
