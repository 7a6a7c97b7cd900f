// Conversations as people see them: opening, changing, listing.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ClientMsgId, ConversationId, DeviceId, UserId } from '@parley/protocol/ids';
import type { ConversationView, CreateGroup, OpenDirect } from '@parley/protocol/conversation';
import { CONVERSATIONS_PER_USER_MAX_COUNT } from '@parley/protocol/limits';
import type { AccountStore } from '@parley/ports/account-store';
import type { IdSource } from '@parley/ports/id-source';
import type { ConversationRecord, MemberStore } from '@parley/ports/member-store';
import type { MessageService } from '../message/message-service.ts';
import { BLOCKED, ID_REUSED, UNKNOWN, type Outcome } from '../message/submission.ts';
import type { UserSettings } from '../presence/user-settings.ts';
import type { ConversationViews } from './conversation-views.ts';
import { created, type GroupChange } from './group-changes.ts';
import { CONVERSATIONS_BY_OTHERS_MAX_COUNT } from './limits.ts';
import type { RateLimit } from './rate-limit.ts';

export const NOT_A_GROUP = fault('not_a_group', 'A direct conversation has no members or title to change.');

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
  readonly #settings: UserSettings;
  readonly #ids: IdSource;
  readonly #rate: RateLimit;

  constructor(parts: {
    accounts: AccountStore;
    members: MemberStore;
    messages: MessageService;
    views: ConversationViews;
    settings: UserSettings;
    ids: IdSource;
    /** The one that bounds every way into conversations. */
    rate: RateLimit;
  }) {
    this.#accounts = parts.accounts;
    this.#members = parts.members;
    this.#messages = parts.messages;
    this.#views = parts.views;
    this.#settings = parts.settings;
    this.#ids = parts.ids;
    this.#rate = parts.rate;
  }

  async openDirect(asker: Asker, { user_id }: OpenDirect): Promise<Opened> {
    if (user_id === asker.user) {
      return {
        fault: fault('invalid_field', 'A direct conversation is with somebody else.', { field: 'user_id' }),
      };
    }
    const blocked = await this.#blockingUser(asker, [user_id]);
    if (blocked !== undefined) return { fault: blocked };
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
    const full =
      (await this.#blockingUser(asker, member_ids)) ??
      (await this.#fullUser(asker, [asker.user, ...member_ids]));
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
    const outcome = await this.#messages.begin(record.id, {
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
    if (found.conversation.kind === 'direct') return { kind: 'failed', fault: NOT_A_GROUP };
    const tooFast = this.#tooFast(asker, newcomers.length);
    if (tooFast !== undefined) return { kind: 'failed', fault: tooFast };
    const unknown = await this.#unknownUser(newcomers, 'user_ids');
    const refusal =
      unknown ?? (await this.#blockingUser(asker, newcomers)) ?? (await this.#fullUser(asker, newcomers));
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
    return tooFast(this.#rate, asker.user, count);
  }

  /** Who blocks a user is not brought into conversations by that user [BLOCK-2]. */
  async #blockingUser(asker: Asker, users: readonly UserId[]): Promise<Fault | undefined> {
    if (users.length === 0) return undefined;
    return (await this.#settings.blockersAmong(asker.user, users)).size === 0 ? undefined : BLOCKED;
  }

  async #fullUser(asker: Asker, users: readonly UserId[]): Promise<Fault | undefined> {
    const counts = await Promise.all(users.map((user) => this.#members.countConversationsOf(user)));
    const most = (user: UserId | undefined) =>
      user === asker.user ? CONVERSATIONS_PER_USER_MAX_COUNT : CONVERSATIONS_BY_OTHERS_MAX_COUNT;
    return counts.some((count, index) => count >= most(users[index]))
      ? fault('limit_reached', `A user has at most ${CONVERSATIONS_PER_USER_MAX_COUNT} conversations.`)
      : undefined;
  }

  #opened(asker: Asker, conversation: ConversationId): Promise<Opened> {
    return opened(this.#views, asker, conversation);
  }
}

/** Takes so many ways into conversations from what the user may do, or says how long to wait. */
export function tooFast(rate: RateLimit, user: UserId, count: number): Fault | undefined {
  const retry_after_ms = count === 0 ? undefined : rate.take(user, count);
  return retry_after_ms === undefined
    ? undefined
    : fault('rate_limited', 'You bring users into conversations too fast.', { retry_after_ms });
}

/** What the asker sees of a conversation that was made or joined. */
export async function opened(
  views: ConversationViews,
  asker: Asker,
  conversation: ConversationId,
): Promise<Opened> {
  // It is there by now: that it cannot be read back must not be answered as if nothing was stored.
  const view = await views.one(asker, conversation).catch(() => undefined);
  return view === undefined ? { fault: UNKNOWN } : { view };
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
