// Sending: from a frame to the conversation's owner and back.
import type { Content } from '@parley/protocol/content';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { MemberStore } from '@parley/ports/member-store';
import { PENDING_MAX_BYTES } from './limits.ts';
import type { Owners } from './owners.ts';
import { failed, NOT_MEMBER, UNAVAILABLE, type Change, type Outcome } from './submission.ts';

export interface SendRequest {
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly messages: readonly { readonly client_msg_id: ClientMsgId; readonly content: Content }[];
}

export class MessageService {
  readonly #owners: Owners;
  readonly #members: MemberStore;
  #pendingBytes = 0;

  constructor(parts: { owners: Owners; members: MemberStore }) {
    this.#owners = parts.owners;
    this.#members = parts.members;
  }

  /** Stores the messages in their order; resolves, one outcome a message, when all are decided. Never rejects. */
  async send(request: SendRequest): Promise<readonly Outcome[]> {
    const { conversation, sender } = request;
    const drafts = request.messages.map(({ client_msg_id, content }) => ({
      clientMsgId: client_msg_id,
      body: JSON.stringify({ content }),
    }));
    const bytes = drafts.reduce((sum, draft) => sum + draft.body.length, 0);
    if (this.#pendingBytes + bytes > PENDING_MAX_BYTES) return drafts.map(() => failed(UNAVAILABLE));
    this.#pendingBytes += bytes;
    try {
      const refusal = await this.#refusal(conversation, sender);
      if (refusal !== undefined) return drafts.map(() => refusal);
      const { promise, resolve } = Promise.withResolvers<readonly Outcome[]>();
      this.#owners.of(conversation).submit({ kind: 'messages', sender, drafts, done: resolve });
      return await promise;
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  /** Changes the conversation itself. Never rejects. */
  change(conversation: ConversationId, change: Omit<Change, 'kind' | 'done'>): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#owners.of(conversation).submit({ ...change, kind: 'change', done: resolve });
    return promise;
  }

  /** A stranger makes no owner load anything, and cannot tell a conversation that is not his from none. */
  async #refusal(conversation: ConversationId, sender: UserId): Promise<Outcome | undefined> {
    const loaded = this.#owners.loaded(conversation);
    if (loaded !== undefined) return loaded.roster.get(sender) === undefined ? failed(NOT_MEMBER) : undefined;
    try {
      const found = await this.#members.membership(conversation, sender);
      return found === undefined ? failed(NOT_MEMBER) : undefined;
    } catch {
      return failed(UNAVAILABLE);
    }
  }
}
