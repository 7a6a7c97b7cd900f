// What a client is told of a conversation: one, a page of them, a page of a group's members.
import type { ConversationView, ListConversations } from '@parley/protocol/conversation';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { PAGE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { ListMembers, Members } from '@parley/protocol/member';
import { NO_SETTINGS } from '@parley/protocol/role';
import type { StandingView } from '@parley/protocol/reading';
import type { AccountStore } from '@parley/ports/account-store';
import type { MemberStore, UserConversation } from '@parley/ports/member-store';
import type { MessageStore } from '@parley/ports/message-store';
import type { AccessRules } from '../message/access.ts';
import type { Standings } from '../reading/standings.ts';
import type { ReceivedMarks } from '../message/received-marks.ts';
import type { Asker } from './group-service.ts';

/** What is looked up once for a page. */
interface Known {
  readonly marks: ReadonlyMap<ConversationId, number>;
  readonly names: ReadonlyMap<UserId, string>;
  readonly standings: ReadonlyMap<ConversationId, StandingView>;
}

export class ConversationViews {
  readonly #accounts: AccountStore;
  readonly #members: MemberStore;
  readonly #messages: MessageStore;
  readonly #access: AccessRules;
  readonly #marks: ReceivedMarks;
  readonly #standings: Standings;

  constructor(parts: {
    accounts: AccountStore;
    members: MemberStore;
    messages: MessageStore;
    access: AccessRules;
    marks: ReceivedMarks;
    standings: Standings;
  }) {
    this.#accounts = parts.accounts;
    this.#members = parts.members;
    this.#messages = parts.messages;
    this.#access = parts.access;
    this.#marks = parts.marks;
    this.#standings = parts.standings;
  }

  /** Undefined for one who never was a member. */
  async one(asker: Asker, conversation: ConversationId): Promise<ConversationView | undefined> {
    const found = await this.#members.membership(conversation, asker.user);
    return found === undefined ? undefined : (await this.#views(asker, [found]))[0];
  }

  /** Conversations that the asker is a member of, in order of id. */
  async page(
    asker: Asker,
    { after, limit = PAGE_ROWS_MAX_COUNT }: Pick<ListConversations, 'after' | 'limit'>,
  ): Promise<{ rows: readonly ConversationView[]; next?: ConversationId }> {
    const found = await this.#members.conversationsOf(asker.user, after, limit + 1);
    const page = found.slice(0, limit);
    const present = page.filter(({ membership }) => membership.leftSeq === undefined);
    const rows = await this.#views(asker, present);
    const last = page.at(-1);
    return found.length === page.length || last === undefined
      ? { rows }
      : { rows, next: last.conversation.id };
  }

  /** A page of a group's members, by id; undefined for one who is no member. */
  async members(asker: Asker, request: ListMembers): Promise<Omit<Members, 'type' | 'ref'> | undefined> {
    const { conversation_id, after = '0', limit = PAGE_ROWS_MAX_COUNT } = request;
    const access = await this.#access.of(conversation_id, asker.user);
    if (access === undefined || access.removed) return undefined;
    const { asOf, rows } = await this.#members.members(conversation_id);
    if (!rows.some((row) => row.user === asker.user && row.leftSeq === undefined)) return undefined;
    const beyond = rows
      .filter((row) => row.leftSeq === undefined && compareIds(row.user, after) > 0)
      .toSorted((one, other) => compareIds(one.user, other.user));
    const page = beyond.slice(0, limit);
    const names = await this.#names(page.map((row) => row.user));
    const last = page.at(-1);
    return {
      conversation_id,
      as_of: Math.max(access.until, asOf),
      rows: page.map(({ user, role, joinedSeq }) => {
        return { user_id: user, name: names.get(user) ?? '', role, joined_seq: joinedSeq };
      }),
      ...(beyond.length > page.length && last !== undefined ? { next: last.user } : {}),
    };
  }

  async #views(asker: Asker, found: readonly UserConversation[]): Promise<ConversationView[]> {
    const ids = found.map(({ conversation }) => conversation.id);
    const peers = found.flatMap(({ conversation }) => peerOf(conversation, asker.user) ?? []);
    const [marks, names, standings] = await Promise.all([
      this.#marks.of(asker.user, asker.device, ids),
      this.#names(peers),
      this.#standings.of(asker.user, ids),
    ]);
    const known = { marks, names, standings };
    const views = await Promise.all(
      found.map(({ conversation }) => this.#view(conversation.id, asker.user, known)),
    );
    return views.filter((view) => view !== undefined);
  }

  async #view(
    id: ConversationId,
    asker: UserId,
    { marks, names, standings }: Known,
  ): Promise<ConversationView | undefined> {
    // The head first: it holds only for the membership that is read after it.
    const state = await this.#messages.state(id);
    const [found, count] = await Promise.all([
      this.#members.membership(id, asker),
      this.#members.countMembers(id),
    ]);
    if (found === undefined) return undefined;
    const { conversation, membership } = found;
    const isMember = membership.leftSeq === undefined;
    const head = membership.leftSeq ?? state.head;
    const peer = peerOf(conversation, asker);
    const standing = standings.get(id);
    return {
      conversation_id: id,
      kind: conversation.kind,
      // The present title and size of a group are not a former member's to know.
      ...(conversation.kind === 'group' && isMember
        ? { title: conversation.title, settings: conversation.settings ?? NO_SETTINGS }
        : {}),
      ...(peer === undefined ? {} : { peer: { user_id: peer, name: names.get(peer) ?? '' } }),
      ...(isMember ? { role: membership.role } : {}),
      members: isMember ? count : 0,
      head,
      floor: Math.min(Math.max(state.floor, membership.visibleAfter), head),
      received: marks.get(id) ?? membership.visibleAfter,
      ...(isMember && standing !== undefined ? { standing } : {}),
    };
  }

  async #names(users: readonly UserId[]): Promise<ReadonlyMap<UserId, string>> {
    const found = users.length === 0 ? [] : await this.#accounts.usersByIds(users);
    return new Map(found.map((user) => [user.id, user.name]));
  }
}

/** As numbers: ids have no leading zeros. A page of a large group compares a hundred thousand of them. */
function compareIds(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : Number(one > other);
}

function peerOf(conversation: UserConversation['conversation'], asker: UserId): UserId | undefined {
  if (conversation.kind === 'group') return undefined;
  return conversation.first === asker ? conversation.second : conversation.first;
}
