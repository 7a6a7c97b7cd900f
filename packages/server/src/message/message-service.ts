// Sending and changing: from a frame to the conversation's owner and back.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { Outgoing } from '@parley/protocol/send';
import type { MemberStore } from '@parley/ports/member-store';
import { contentDraft, forwardDraft } from './drafts.ts';
import { PENDING_MAX_BYTES } from './limits.ts';
import type { MessageChange } from './message-changes.ts';
import type { MessageReader } from './message-reader.ts';
import type { Owners } from './owners.ts';
import {
  failed,
  NOT_MEMBER,
  UNAVAILABLE,
  type Change,
  type Draft,
  type Join,
  type JoinOutcome,
  type Outcome,
} from './submission.ts';

export interface SendRequest {
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly messages: readonly Outgoing[];
}

export interface MessageChangeRequest {
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly clientMsgId: ClientMsgId;
  readonly change: MessageChange;
  /** What the change holds in memory while it waits. */
  readonly bytes: number;
}

const NOT_FOUND = fault('not_found', 'There is no such conversation.', { field: 'conversation_id' });

export class MessageService {
  readonly #owners: Owners;
  readonly #members: MemberStore;
  readonly #reader: MessageReader;
  #pendingBytes = 0;

  constructor(parts: { owners: Owners; members: MemberStore; reader: MessageReader }) {
    this.#owners = parts.owners;
    this.#members = parts.members;
    this.#reader = parts.reader;
  }

  /** Stores the messages in their order; resolves, one outcome a message, when all are decided. Never rejects. */
  async send({ conversation, sender, messages }: SendRequest): Promise<readonly Outcome[]> {
    const drafts = messages.map((outgoing, index) => contentDraft(outgoing, index));
    const all = (reason: Fault) => drafts.map(() => failed(reason));
    let bytes = 0;
    const takes = (draft: Draft): boolean => {
      bytes += draft.body.length;
      this.#pendingBytes += draft.body.length;
      return this.#pendingBytes <= PENDING_MAX_BYTES;
    };
    try {
      for (const draft of drafts) if (!takes(draft)) return all(UNAVAILABLE);
      const refusal = await this.#refusal(conversation, sender, NOT_MEMBER);
      if (refusal !== undefined) return all(refusal);
      // One after another, each counted before the next is read: forwards are many times larger than their frame.
      for (const [index, outgoing] of messages.entries()) {
        if (outgoing.forward === undefined) continue;
        const draft = await forwardDraft(outgoing, { index, sender, reader: this.#reader });
        if (!takes(draft)) return all(UNAVAILABLE);
        drafts[index] = draft;
      }
      if (!this.#owners.owns(conversation)) return all(UNAVAILABLE);
      const { promise, resolve } = Promise.withResolvers<readonly Outcome[]>();
      this.#owners.of(conversation).submit({ kind: 'messages', sender, drafts, done: resolve });
      return await promise;
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  /** Changes a message. Never rejects. */
  async changeMessage({ conversation, bytes, change, ...asked }: MessageChangeRequest): Promise<Outcome> {
    if (this.#pendingBytes + bytes > PENDING_MAX_BYTES) return failed(UNAVAILABLE);
    this.#pendingBytes += bytes;
    try {
      const refusal = await this.#refusal(conversation, asked.sender, NOT_FOUND);
      return refusal === undefined
        ? await this.change(conversation, { ...asked, ...change })
        : failed(refusal);
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  /** Changes the conversation itself. Never rejects. */
  change(
    conversation: ConversationId,
    change: Omit<Change, 'kind' | 'done' | 'acceptedAt'>,
  ): Promise<Outcome> {
    if (!this.#owners.owns(conversation)) return Promise.resolve(failed(UNAVAILABLE));
    return this.#submit(conversation, change);
  }

  /**
   * The first change of a conversation, which any node may make: nobody else writes, unless the same is asked for
   * twice, and then the token decides. Never rejects.
   */
  async begin(
    conversation: ConversationId,
    change: Omit<Change, 'kind' | 'done' | 'acceptedAt'>,
  ): Promise<Outcome> {
    const outcome = await this.#submit(conversation, change);
    // From here on it is its owner's.
    if (!this.#owners.owns(conversation)) this.#owners.drop(conversation);
    return outcome;
  }

  #submit(
    conversation: ConversationId,
    change: Omit<Change, 'kind' | 'done' | 'acceptedAt'>,
  ): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#owners.of(conversation).submit({ ...change, kind: 'change', done: resolve });
    return promise;
  }

  /** Lets a user in who comes by himself; resolves when that is durable. Never rejects. */
  join(conversation: ConversationId, join: Pick<Join, 'sender' | 'decide'>): Promise<JoinOutcome> {
    if (!this.#owners.owns(conversation)) return Promise.resolve(failed(UNAVAILABLE));
    const { promise, resolve } = Promise.withResolvers<JoinOutcome>();
    this.#owners.of(conversation).submit({ ...join, kind: 'join', done: resolve });
    return promise;
  }

  /** A stranger makes no owner load anything, and cannot tell a conversation that is not his from none. */
  async #refusal(
    conversation: ConversationId,
    sender: UserId,
    toStrangers: Fault,
  ): Promise<Fault | undefined> {
    const loaded = this.#owners.loaded(conversation);
    if (loaded !== undefined) return loaded.roster.get(sender) === undefined ? toStrangers : undefined;
    try {
      const found = await this.#members.membership(conversation, sender);
      return found === undefined ? toStrangers : undefined;
    } catch {
      return UNAVAILABLE;
    }
  }
}
