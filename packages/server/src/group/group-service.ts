// Conversations as people see them: opening, changing, listing.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ClientMsgId, ConversationId, DeviceId, UserId } from '@parley/protocol/ids';
import type { ConversationView, CreateGroup, OpenDirect } from '@parley/protocol/conversation';
import { CONVERSATIONS_PER_USER_MAX_COUNT } from '@parley/protocol/limits';
import type { AccountStore } from '@parley/ports/account-store';
import type { IdSource } from '@parley/ports/id-source';
import type { ConversationRecord, MemberStore } from '@parley/ports/member-store';
import type { MessageService } from '../message/message-service.ts';
import type { Outcome } from '../message/submission.ts';
import type { ConversationViews } from './conversation-views.ts';
import { created, type GroupChange } from './group-changes.ts';

export type Opened = { readonly view: ConversationView } | { readonly fault: Fault };

export interface Asker {
  readonly user: UserId;
  readonly device: DeviceId;
}

export class GroupService {
  readonly #accounts: AccountStore;
  readonly #members: MemberStore;
  readonly #messages: MessageService;
  readonly #views: ConversationViews;
  readonly #ids: IdSource;

  constructor(parts: {
    accounts: AccountStore;
    members: MemberStore;
    messages: MessageService;
    views: ConversationViews;
    ids: IdSource;
  }) {
    this.#accounts = parts.accounts;
    this.#members = parts.members;
    this.#messages = parts.messages;
    this.#views = parts.views;
    this.#ids = parts.ids;
  }

  async openDirect(asker: Asker, { user_id }: OpenDirect): Promise<Opened> {
    if (user_id === asker.user) {
      return { fault: fault('invalid_field', 'A direct conversation is with somebody else.', { field: 'user_id' }) };
    }
    let record = await this.#members.direct(asker.user, user_id);
    if (record === undefined) {
      const refusal = await this.#refusal([asker.user, user_id], [user_id], 'user_id');
      if (refusal !== undefined) return { fault: refusal };
      const [first, second] = BigInt(asker.user) < BigInt(user_id) ? [asker.user, user_id] : [user_id, asker.user];
      const id = this.#ids.next() as ConversationId;
      record = await this.#members.createConversation({ id, createdBy: asker.user, kind: 'direct', first, second });
    }
    return this.#opened(asker, record.id);
  }

  async createGroup(asker: Asker, request: CreateGroup): Promise<Opened> {
    const { title, member_ids, client_msg_id, history = 'all' } = request;
    const refusal = await this.#refusal([asker.user, ...member_ids], member_ids, 'member_ids');
    if (refusal !== undefined) return { fault: refusal };
    const record: ConversationRecord = await this.#members.createConversation({
      id: this.#ids.next() as ConversationId,
      createdBy: asker.user,
      kind: 'group',
      clientMsgId: client_msg_id,
      title,
      history,
    });
    const outcome = await this.#messages.change(record.id, {
      sender: asker.user,
      clientMsgId: client_msg_id,
      ...created(asker.user, title, history, member_ids),
    });
    return outcome.kind === 'failed' ? { fault: outcome.fault } : this.#opened(asker, record.id);
  }

  /** Renames, adds, removes, leaves or sets a role. */
  async change(
    asker: Asker,
    conversation: ConversationId,
    clientMsgId: ClientMsgId,
    change: GroupChange,
  ): Promise<Outcome> {
    const found = await this.#members.membership(conversation, asker.user);
    if (found === undefined) return { kind: 'failed', fault: fault('not_found', 'There is no such conversation.') };
    if (found.conversation.kind === 'direct') {
      const reason = 'A direct conversation has no members or title to change.';
      return { kind: 'failed', fault: fault('not_a_group', reason) };
    }
    return this.#messages.change(conversation, { sender: asker.user, clientMsgId, ...change });
  }

  /** What keeps these users from being in one more conversation: one does not exist, or has too many already. */
  async newcomerFault(users: readonly UserId[], field: string): Promise<Fault | undefined> {
    return this.#refusal(users, users, field);
  }

  async #refusal(
    counted: readonly UserId[],
    named: readonly UserId[],
    field: string,
  ): Promise<Fault | undefined> {
    const present = new Set((await this.#accounts.usersByIds(named)).map((user) => user.id));
    const missing = named.findIndex((user) => !present.has(user));
    if (missing >= 0) {
      const path = field.endsWith('s') ? `${field}.${missing}` : field;
      return fault('not_found', 'There is no such user.', { field: path });
    }
    const counts = await Promise.all(counted.map((user) => this.#members.countConversationsOf(user)));
    return counts.some((count) => count >= CONVERSATIONS_PER_USER_MAX_COUNT)
      ? fault('limit_reached', `A user has at most ${CONVERSATIONS_PER_USER_MAX_COUNT} conversations.`)
      : undefined;
  }

  async #opened(asker: Asker, conversation: ConversationId): Promise<Opened> {
    const view = await this.#views.one(asker, conversation);
    return view === undefined ? { fault: fault('unavailable', 'The conversation could not be read back.') } : { view };
  }
}
