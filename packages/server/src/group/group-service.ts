// Conversations as people see them: opening, changing, listing.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ClientMsgId, ConversationId, DeviceId, UserId } from '@parley/protocol/ids';
import type { ConversationView, CreateGroup, OpenDirect } from '@parley/protocol/conversation';
import { CONVERSATIONS_PER_USER_MAX_COUNT } from '@parley/protocol/limits';
import type { AccountStore } from '@parley/ports/account-store';
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { ConversationRecord, MemberStore } from '@parley/ports/member-store';
import type { MessageService } from '../message/message-service.ts';
import { ID_REUSED, UNKNOWN, type Outcome } from '../message/submission.ts';
import type { ConversationViews } from './conversation-views.ts';
import { created, type GroupChange } from './group-changes.ts';
import { RateLimit } from './rate-limit.ts';

/** Others bring a user up to here; what is left of the limit is for what the user opens, so that nobody is locked out. */
export const CONVERSATIONS_BY_OTHERS_MAX_COUNT = CONVERSATIONS_PER_USER_MAX_COUNT * 0.9;

export type Opened = { readonly view: ConversationView } | { readonly fault: Fault };

export interface ChangeRequest {
  readonly conversation: ConversationId;
  readonly clientMsgId: ClientMsgId;
  readonly change: GroupChange;
  /** Whom the change lets in: they must exist and have room for one more conversation. */
  readonly newcomers: readonly UserId[];
}

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
  readonly #rate: RateLimit;

  constructor(parts: {
    accounts: AccountStore;
    members: MemberStore;
    messages: MessageService;
    views: ConversationViews;
    ids: IdSource;
    clock: Clock;
  }) {
    this.#accounts = parts.accounts;
    this.#members = parts.members;
    this.#messages = parts.messages;
    this.#views = parts.views;
    this.#ids = parts.ids;
    this.#rate = new RateLimit(parts.clock);
  }

  async openDirect(asker: Asker, { user_id }: OpenDirect): Promise<Opened> {
    if (user_id === asker.user) {
      return {
        fault: fault('invalid_field', 'A direct conversation is with somebody else.', { field: 'user_id' }),
      };
    }
    let record = await this.#members.direct(asker.user, user_id);
    if (record === undefined) {
      const early = this.#tooFast(asker, 1) ?? (await this.#unknownUser([user_id], 'user_id'));
      const refusal = early ?? (await this.#fullUser(asker, [asker.user, user_id]));
      if (refusal !== undefined) return { fault: refusal };
      const [first, second] =
        BigInt(asker.user) < BigInt(user_id) ? [asker.user, user_id] : [user_id, asker.user];
      const id = this.#ids.next() as ConversationId;
      record = await this.#members.createConversation({
        id,
        createdBy: asker.user,
        kind: 'direct',
        first,
        second,
      });
    }
    return this.#opened(asker, record.id);
  }

  async createGroup(asker: Asker, request: CreateGroup): Promise<Opened> {
    const { title, member_ids, client_msg_id, history = 'all' } = request;
    const tooFast = this.#tooFast(asker, 1 + member_ids.length);
    const early = tooFast ?? (await this.#unknownUser(member_ids, 'member_ids'));
    if (early !== undefined) return { fault: early };
    const full = await this.#fullUser(asker, [asker.user, ...member_ids]);
    // A refusal leaves nothing behind, and what was created before is answered as it was then.
    if (full !== undefined && (await this.#members.group(asker.user, client_msg_id)) === undefined)
      return { fault: full };
    const record: ConversationRecord = await this.#members.createConversation({
      id: this.#ids.next() as ConversationId,
      createdBy: asker.user,
      kind: 'group',
      clientMsgId: client_msg_id,
      title,
      history,
    });
    // The policy is kept with the record, so that of an attempt which got no further stands.
    if (record.kind !== 'group' || record.history !== history) return { fault: ID_REUSED };
    const outcome = await this.#messages.change(record.id, {
      sender: asker.user,
      clientMsgId: client_msg_id,
      ...refusedBy(full, created(asker.user, title, history, member_ids)),
    });
    return outcome.kind === 'failed' ? { fault: outcome.fault } : this.#opened(asker, record.id);
  }

  /** Renames, adds, removes, leaves or sets a role. */
  async change(asker: Asker, request: ChangeRequest): Promise<Outcome> {
    const { conversation, clientMsgId, change, newcomers } = request;
    const found = await this.#members.membership(conversation, asker.user);
    if (found === undefined)
      return { kind: 'failed', fault: fault('not_found', 'There is no such conversation.') };
    if (found.conversation.kind === 'direct') {
      const reason = 'A direct conversation has no members or title to change.';
      return { kind: 'failed', fault: fault('not_a_group', reason) };
    }
    const tooFast = this.#tooFast(asker, newcomers.length);
    if (tooFast !== undefined) return { kind: 'failed', fault: tooFast };
    const unknown = await this.#unknownUser(newcomers, 'user_ids');
    const refusal = unknown ?? (await this.#fullUser(asker, newcomers));
    const refusable = refusedBy(refusal, change);
    return this.#messages.change(conversation, { sender: asker.user, clientMsgId, ...refusable });
  }

  async #unknownUser(users: readonly UserId[], field: string): Promise<Fault | undefined> {
    const present = new Set((await this.#accounts.usersByIds(users)).map((user) => user.id));
    const missing = users.findIndex((user) => !present.has(user));
    if (missing < 0) return undefined;
    const path = field.endsWith('s') ? `${field}.${missing}` : field;
    return fault('not_found', 'There is no such user.', { field: path });
  }

  #tooFast(asker: Asker, count: number): Fault | undefined {
    const retry_after_ms = count === 0 ? undefined : this.#rate.take(asker.user, count);
    return retry_after_ms === undefined
      ? undefined
      : fault('rate_limited', 'You bring users into conversations too fast.', { retry_after_ms });
  }

  async #fullUser(asker: Asker, users: readonly UserId[]): Promise<Fault | undefined> {
    const counts = await Promise.all(users.map((user) => this.#members.countConversationsOf(user)));
    const most = (user: UserId | undefined) =>
      user === asker.user ? CONVERSATIONS_PER_USER_MAX_COUNT : CONVERSATIONS_BY_OTHERS_MAX_COUNT;
    return counts.some((count, index) => count >= most(users[index]))
      ? fault('limit_reached', `A user has at most ${CONVERSATIONS_PER_USER_MAX_COUNT} conversations.`)
      : undefined;
  }

  async #opened(asker: Asker, conversation: ConversationId): Promise<Opened> {
    // It is there by now: that it cannot be read back must not be answered as if nothing was stored.
    const view = await this.#views.one(asker, conversation).catch(() => undefined);
    return view === undefined ? { fault: UNKNOWN } : { view };
  }
}

/**
 * A refusal found beforehand counts only when the owner decides: a change that is asked for again under the same id is
 * answered as it was the first time, also when its users have too many conversations by now.
 */
function refusedBy(refusal: Fault | undefined, change: GroupChange): GroupChange {
  if (refusal === undefined) return change;
  return {
    ...change,
    decide: (roster) => {
      const decided = change.decide(roster);
      return 'fault' in decided ? decided : { fault: refusal };
    },
  };
}
