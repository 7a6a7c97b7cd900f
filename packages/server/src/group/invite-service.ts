// Ways into a group: invitations are made, listed and taken back, and users join by one or into a public group.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { CreateInvite, FindChannels, Join, RevokeInvite } from '@parley/protocol/invite';
import {
  CONVERSATIONS_PER_USER_MAX_COUNT,
  INVITES_MAX_COUNT,
  PAGE_ROWS_MAX_COUNT,
} from '@parley/protocol/limits';
import type { Clock } from '@parley/ports/clock';
import type { InviteRecord, InviteStore } from '@parley/ports/invite-store';
import type { Log } from '@parley/ports/log';
import type { Channel, MemberStore } from '@parley/ports/member-store';
import type { Randomness } from '@parley/ports/randomness';
import { KeyedQueue } from '../account/keyed-queue.ts';
import type { MessageService } from '../message/message-service.ts';
import { NOT_MEMBER } from '../message/submission.ts';
import { NO_CONVERSATION } from '../request/request.ts';
import type { ConversationViews } from './conversation-views.ts';
import { BANNED, joining, NO_CHANNEL, NO_INVITE } from './group-changes.ts';
import { NOT_A_GROUP, opened, tooFast, type Asker, type Opened } from './group-service.ts';
import { INVITE_KEPT_MS, INVITE_LIFETIME_S } from './limits.ts';
import { may } from './permissions.ts';
import type { RateLimit } from './rate-limit.ts';

const CODE_BYTES = 16;
const EITHER = {
  fault: fault('invalid_field', 'A join names a code or a conversation.', { field: 'code' }),
};

export interface InviteServiceParts {
  readonly invites: InviteStore;
  readonly members: MemberStore;
  readonly messages: MessageService;
  readonly views: ConversationViews;
  /** The one that bounds every way into conversations. */
  readonly rate: RateLimit;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

type Refused = { readonly fault: Fault };

export class InviteService {
  readonly #parts: InviteServiceParts;
  /** Joins of one user go one after another: each takes a use and gives it back, or keeps it. */
  readonly #joining = new KeyedQueue();

  constructor(parts: InviteServiceParts) {
    this.#parts = parts;
  }

  async create(user: UserId, request: CreateInvite): Promise<InviteRecord | Refused> {
    const { invites, clock, randomness, rate } = this.#parts;
    const { conversation_id: conversation, expires_in_s = INVITE_LIFETIME_S, uses_max } = request;
    const refused = (await this.#refusal(user, conversation)) ?? tooFast(rate, user, 1);
    if (refused !== undefined) return { fault: refused };
    const createdAt = clock.now();
    const invite: InviteRecord = {
      code: Buffer.from(randomness.bytes(CODE_BYTES)).toString('base64url'),
      conversation,
      createdBy: user,
      createdAt,
      expiresAt: createdAt + expires_in_s * 1_000,
      usesMax: uses_max,
      uses: 0,
    };
    if (await invites.create(invite, INVITES_MAX_COUNT)) return invite;
    return {
      fault: fault('limit_reached', `A group has at most ${INVITES_MAX_COUNT} invitations that are good.`),
    };
  }

  /** Those that still let somebody in. */
  async list(user: UserId, conversation: ConversationId): Promise<readonly InviteRecord[] | Refused> {
    const refused = await this.#refusal(user, conversation);
    if (refused !== undefined) return { fault: refused };
    return this.#parts.invites.open(conversation, this.#parts.clock.now());
  }

  /** Undefined when it is of no use any more. */
  async revoke(user: UserId, { conversation_id, code }: RevokeInvite): Promise<Refused | undefined> {
    const refused = await this.#refusal(user, conversation_id);
    if (refused !== undefined) return { fault: refused };
    return (await this.#parts.invites.revoke(conversation_id, code)) ? undefined : NO_INVITE;
  }

  join(asker: Asker, { code, conversation_id }: Join): Promise<Opened> {
    return this.#joining.run(asker.user, async () => {
      if (code !== undefined && conversation_id === undefined) return this.#joinByCode(asker, code);
      if (code === undefined && conversation_id !== undefined)
        return this.#joinChannel(asker, conversation_id);
      return EITHER;
    });
  }

  async channels({ text = '', after, limit = PAGE_ROWS_MAX_COUNT }: FindChannels): Promise<{
    rows: readonly Channel[];
    next: ConversationId | undefined;
  }> {
    const found = await this.#parts.members.channels(text, after, limit + 1);
    const page = found.slice(0, limit);
    const next = found.length > limit ? page.at(-1)?.conversation.id : undefined;
    // One that everybody left is over.
    return { rows: page.filter(({ members }) => members > 0), next };
  }

  /** Rejects as the store does. */
  async dropExpired(): Promise<void> {
    await this.#parts.invites.dropExpired(this.#parts.clock.now() - INVITE_KEPT_MS);
  }

  async #joinByCode(asker: Asker, code: string): Promise<Opened> {
    const { invites, clock } = this.#parts;
    const invite = await invites.invite(code);
    if (invite === undefined) return NO_INVITE;
    const { conversation } = invite;
    const standing = await this.#standing(asker.user, conversation);
    // Whoever is in, by this very join perhaps, needs no invitation that is still good.
    if (standing === 'member') return this.#opened(asker, conversation);
    if (invite.expiresAt <= clock.now()) return NO_INVITE;
    const refused = standing === 'banned' ? fault('banned', BANNED) : await this.#early(asker.user);
    if (refused !== undefined) return { fault: refused };
    const used = await invites.use(code, asker.user, clock.now());
    if (used.kind === 'invalid') return NO_INVITE;
    const outcome = await this.#parts.messages.join(conversation, {
      sender: asker.user,
      decide: (roster, others) => joining(roster, asker.user, { way: 'invited', others }),
    });
    if (outcome.kind === 'member') return this.#opened(asker, conversation);
    // A former member may have come by this code: that use stands. What may yet be tried again keeps its place.
    if (outcome.fault.retry === 'no' && standing === 'stranger') await this.#giveBack(code, asker.user);
    return outcome;
  }

  async #joinChannel(asker: Asker, conversation: ConversationId): Promise<Opened> {
    const { members, messages } = this.#parts;
    const record = await members.conversation(conversation);
    const standing = record === undefined ? 'stranger' : await this.#standing(asker.user, conversation);
    if (standing === 'member') return this.#opened(asker, conversation);
    if (record?.kind !== 'group' || record.settings?.public !== true) return NO_CHANNEL;
    const refused = standing === 'banned' ? fault('banned', BANNED) : await this.#early(asker.user);
    if (refused !== undefined) return { fault: refused };
    const outcome = await messages.join(conversation, {
      sender: asker.user,
      decide: (roster, others) => joining(roster, asker.user, { way: 'public', others }),
    });
    return outcome.kind === 'member' ? this.#opened(asker, conversation) : outcome;
  }

  async #standing(user: UserId, conversation: ConversationId) {
    const membership = (await this.#parts.members.membership(conversation, user))?.membership;
    if (membership === undefined) return 'stranger';
    if (membership.leftSeq === undefined) return 'member';
    return membership.banned === true ? 'banned' : 'former';
  }

  /** What stands against one more conversation of the user. */
  async #early(user: UserId): Promise<Fault | undefined> {
    const early = tooFast(this.#parts.rate, user, 1);
    if (early !== undefined) return early;
    const count = await this.#parts.members.countConversationsOf(user);
    return count >= CONVERSATIONS_PER_USER_MAX_COUNT
      ? fault('limit_reached', `A user has at most ${CONVERSATIONS_PER_USER_MAX_COUNT} conversations.`)
      : undefined;
  }

  async #giveBack(code: string, user: UserId): Promise<void> {
    try {
      await this.#parts.invites.giveBack(code, user);
    } catch (error) {
      // The answer is known and stands; the invitation lets in one less.
      this.#parts.log.warn({ user, error }, 'a use of an invitation could not be given back');
    }
  }

  /** Why the user may not decide who comes in. */
  async #refusal(user: UserId, conversation: ConversationId): Promise<Fault | undefined> {
    const found = await this.#parts.members.membership(conversation, user);
    if (found === undefined) return NO_CONVERSATION.fault;
    if (found.conversation.kind === 'direct') return NOT_A_GROUP;
    const { role, leftSeq } = found.membership;
    if (leftSeq !== undefined) return NOT_MEMBER;
    return may(role, 'invite') ? undefined : fault('forbidden', `Your role (${role}) does not allow this.`);
  }

  #opened(asker: Asker, conversation: ConversationId): Promise<Opened> {
    return opened(this.#parts.views, asker, conversation);
  }
}
