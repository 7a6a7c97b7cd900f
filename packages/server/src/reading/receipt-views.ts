// What a member is told of how far the others are, within what they show [RECEIPT-4].
import { fault } from '@parley/protocol/error-code';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import { PAGE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { GetReceipts, GetWatermarks, MessageReceipts } from '@parley/protocol/reading';
import type { MessageStore } from '@parley/ports/message-store';
import type { PassedRow, ReceiptStore } from '@parley/ports/receipt-store';
import type { AccessRules } from '../message/access.ts';
import { loadTarget } from '../message/target.ts';
import type { UserSettings } from '../presence/user-settings.ts';
import { NO_CONVERSATION, type Answer } from '../request/request.ts';
import { BEYOND_HEAD, isVisible, memberAccess } from './membership.ts';
import { seesReads, withoutReads } from './read-privacy.ts';

const NO_MESSAGE = { fault: fault('not_found', 'There is no such message.', { field: 'seq' }) } as const;

type Rows = MessageReceipts['rows'];
type Step = { readonly at: number | undefined } | undefined;

export class ReceiptViews {
  readonly #receipts: ReceiptStore;
  readonly #messages: MessageStore;
  readonly #access: AccessRules;
  readonly #settings: UserSettings;

  constructor(parts: {
    receipts: ReceiptStore;
    messages: MessageStore;
    access: AccessRules;
    settings: UserSettings;
  }) {
    this.#receipts = parts.receipts;
    this.#messages = parts.messages;
    this.#access = parts.access;
    this.#settings = parts.settings;
  }

  async watermarks(user: UserId, frame: GetWatermarks): Promise<Answer> {
    const { ref, conversation_id, after, limit = PAGE_ROWS_MAX_COUNT } = frame;
    const access = await memberAccess(this.#access, conversation_id, user);
    // A former member's, too: receipts are for members.
    if ('fault' in access) return NO_CONVERSATION;
    const { rows, next } = await this.#receipts.watermarks(conversation_id, after, limit);
    const all = rows.map((row) => ({ user_id: row.user, received: row.received, read: row.read }));
    const seen = (await seesReads(this.#settings, user)) ? all : withoutReads(all, user);
    return {
      type: 'watermarks',
      ref,
      conversation_id,
      rows: seen,
      ...(next === undefined ? {} : { next }),
    };
  }

  async receipts(user: UserId, frame: GetReceipts): Promise<Answer> {
    const { ref, conversation_id, seq, after, limit = PAGE_ROWS_MAX_COUNT } = frame;
    const access = await memberAccess(this.#access, conversation_id, user);
    if ('fault' in access) return NO_CONVERSATION;
    if (seq > access.until) return { fault: BEYOND_HEAD };
    if (!isVisible(access, seq)) return NO_MESSAGE;
    const message = await loadTarget(this.#messages, conversation_id, seq, 0);
    if (message === undefined) return NO_MESSAGE;
    const except = message.entry.sender;
    const page = await this.#receipts.passed(conversation_id, seq, { except, after, limit });
    const sees = await seesReads(this.#settings, user);
    const read = sees ? page.read : await this.#ownRead({ user, except, conversation_id, seq });
    return {
      type: 'message_receipts',
      ref,
      conversation_id,
      seq,
      members: page.members,
      delivered: page.delivered,
      read,
      rows: rowsFor(page.rows, (reader) => sees || reader === user),
      ...(page.next === undefined ? {} : { next: page.next }),
    };
  }

  /** Of all who read it, one who is not shown what others read is shown himself alone. */
  async #ownRead(about: {
    user: UserId;
    except: UserId;
    conversation_id: ConversationId;
    seq: Seq;
  }): Promise<number> {
    if (about.user === about.except) return 0;
    const { read } = await this.#receipts.watermark(about.conversation_id, about.user);
    return read >= about.seq ? 1 : 0;
  }
}

/** Whom only a reading that is not shown brought into the list is left out of it. */
function rowsFor(rows: readonly PassedRow[], isShown: (reader: UserId) => boolean): Rows {
  return rows.flatMap(({ user, delivered, read }) => {
    const steps = {
      ...named('delivered', delivered),
      ...(isShown(user) ? named('read', read) : {}),
    };
    return 'delivered' in steps || 'read' in steps ? [{ user_id: user, ...steps }] : [];
  });
}

function named<Name extends string>(name: Name, step: Step): { [Each in Name]?: { at?: number } } {
  if (step === undefined) return {};
  const shown = step.at === undefined ? {} : { at: step.at };
  return { [name]: shown } as { [Each in Name]?: { at?: number } };
}
