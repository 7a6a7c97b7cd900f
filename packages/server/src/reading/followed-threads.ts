// The threads that a user follows: answers in them count as mentions [READ-3].
import { fault } from '@parley/protocol/error-code';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import { PAGE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { MessageState } from '@parley/protocol/message-state';
import type { FollowThread, ListThreads, Threads } from '@parley/protocol/personal';
import type { MessageStore } from '@parley/ports/message-store';
import type { PersonalStore, ThreadKey } from '@parley/ports/personal-store';
import type { AccessRules } from '../message/access.ts';
import { loadTarget } from '../message/target.ts';
import { done, type Answer } from '../request/request.ts';
import { isVisible, memberAccess } from './membership.ts';

type Rows = Threads['rows'];

const NO_MESSAGE = { fault: fault('not_found', 'There is no such message.', { field: 'thread' }) } as const;
const NO_ROOT = {
  fault: fault('invalid_field', 'A message of a thread begins no thread of its own.', { field: 'thread' }),
} as const;

export class FollowedThreads {
  readonly #personal: PersonalStore;
  readonly #messages: MessageStore;
  readonly #access: AccessRules;

  constructor(parts: { personal: PersonalStore; messages: MessageStore; access: AccessRules }) {
    this.#personal = parts.personal;
    this.#messages = parts.messages;
    this.#access = parts.access;
  }

  async follow(user: UserId, { ref, conversation_id, thread, follow }: FollowThread): Promise<Answer> {
    const access = await memberAccess(this.#access, conversation_id, user);
    if ('fault' in access) return access;
    if (!isVisible(access, thread)) return NO_MESSAGE;
    const root = await loadTarget(this.#messages, conversation_id, thread, 0);
    if (root === undefined) return NO_MESSAGE;
    if (root.body.thread !== undefined) return NO_ROOT;
    await this.#personal.follow(conversation_id, thread, [{ user, follow, by: 'user' }]);
    return done(ref);
  }

  /** Threads of conversations that the user left are passed over: a page may have fewer rows than asked for. */
  async list(user: UserId, frame: ListThreads): Promise<Answer> {
    const { ref, after, limit = PAGE_ROWS_MAX_COUNT } = frame;
    const key = after && { conversation: after.conversation_id, thread: after.thread };
    const found = await this.#personal.threads(user, key, limit + 1);
    const page = found.slice(0, limit);
    const rows: Rows = [];
    for (const [conversation, threads] of byConversation(page)) {
      const access = await memberAccess(this.#access, conversation, user);
      if (!('fault' in access)) rows.push(...(await this.#rows(conversation, threads)));
    }
    const last = page.at(-1);
    const isMore = found.length > page.length && last !== undefined;
    const next = isMore ? { next: { conversation_id: last.conversation, thread: last.thread } } : {};
    return { type: 'threads', ref, rows, ...next };
  }

  async #rows(conversation: ConversationId, threads: readonly Seq[]): Promise<Rows> {
    const states = new Map(
      (await this.#messages.states(conversation, threads)).map(({ seq, body }) => [
        seq,
        JSON.parse(body) as MessageState,
      ]),
    );
    return threads.map((thread) => {
      const { replies = 0, last_reply } = states.get(thread) ?? {};
      return {
        conversation_id: conversation,
        thread,
        replies,
        ...(last_reply === undefined ? {} : { last_reply }),
      };
    });
  }
}

function byConversation(keys: readonly ThreadKey[]): ReadonlyMap<ConversationId, readonly Seq[]> {
  const threads = new Map<ConversationId, Seq[]>();
  for (const { conversation, thread } of keys) {
    const of = threads.get(conversation) ?? [];
    threads.set(conversation, of);
    of.push(thread);
  }
  return threads;
}
