// Has a request carried out by the node that numbers its conversation, holds it while there is none, and answers others.
import type { ConversationId, DeviceId, UserId } from '@parley/protocol/ids';
import type { Send } from '@parley/protocol/send';
import type { Clock } from '@parley/ports/clock';
import type { InviteStore } from '@parley/ports/invite-store';
import type { Log } from '@parley/ports/log';
import type { MemberStore } from '@parley/ports/member-store';
import type { MessageStore } from '@parley/ports/message-store';
import { BUS_PAYLOAD_MAX_BYTES, type NodeBus } from '@parley/ports/node-bus';
import type { Randomness } from '@parley/ports/randomness';
import { StoreError } from '@parley/ports/store-error';
import type { Timers } from '@parley/ports/timers';
import type { LiveSession } from '../connection/live-sessions.ts';
import { JOIN_WINDOW_MS } from '../message/limits.ts';
import { UNAVAILABLE, UNKNOWN } from '../message/submission.ts';
import type { Answer, Request } from '../request/request.ts';
import { decodeAnswered, decodeAsked, encodeAnswered, encodeAsked, NOT_HERE } from './forward-message.ts';
import { FORWARD_ANSWER_MAX_MS, FORWARD_PAUSE_MS, FORWARDED_MAX_COUNT, HOLD_MAX_MS } from './limits.ts';
import type { Ownership } from './ownership.ts';
import { framesTopic } from './topics.ts';

export type Carried = Send | Request;

export interface ForwardingParts {
  readonly node: string;
  readonly bus: NodeBus;
  readonly ownership: Ownership;
  readonly invites: InviteStore;
  readonly members: MemberStore;
  readonly messages: MessageStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Carries it out on this node. Never rejects. */
  readonly perform: (session: LiveSession, frame: Carried) => Promise<Answer>;
}

/**
 * Requests that end in the log of a conversation, or ask for what its owner alone has in memory. All but `join` carry a client_msg_id, and one who joins and is asked
 * for again is a member: each may be asked for twice.
 */
const OF_A_CONVERSATION: ReadonlySet<string> = new Set<Carried['type']>([
  'send',
  'create_group',
  'edit_message',
  'delete_message',
  'react',
  'pin_message',
  'rename_group',
  'add_members',
  'remove_member',
  'leave_group',
  'set_role',
  'unban_member',
  'set_group',
  'join',
  'get_timeline',
]);
/** Of these nothing is stored, whatever becomes of them. */
const READS: ReadonlySet<string> = new Set<Carried['type']>(['get_timeline']);

/** How a try ended. */
type Tried =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'not_here' | 'unanswered' };

export class Forwarding {
  readonly #parts: ForwardingParts;
  readonly #answering: Disposable;
  /** Of other nodes. */
  #active = 0;

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
    this.#answering = parts.bus.answer(framesTopic(parts.node), (payload) => this.#asked(payload));
  }

  /** Undefined for what any node can do. Else never rejects. */
  carry(session: LiveSession, frame: Carried): Promise<Answer> | undefined {
    return OF_A_CONVERSATION.has(frame.type) ? this.#carry(session, frame) : undefined;
  }

  /** True when nothing is carried out for other nodes. */
  get idle(): boolean {
    return this.#active === 0;
  }

  stop(): void {
    this.#answering[Symbol.dispose]();
  }

  async #carry(session: LiveSession, frame: Carried): Promise<Answer> {
    const { ownership, perform, clock } = this.#parts;
    const untilMs = clock.monotonic() + HOLD_MAX_MS;
    let conversation: ConversationId | undefined;
    try {
      conversation = await this.#conversationOf(session.user, frame);
    } catch (error) {
      this.#parts.log.warn({ frame: frame.type, error }, 'it could not be found which conversation is meant');
      return { fault: UNAVAILABLE };
    }
    if (conversation === undefined) return perform(session, frame);
    const text = encodeAsked({ user: session.user, device: session.device, frame });
    let wasAsked = false;
    for (;;) {
      const tried = await this.#try(session, frame, conversation, text);
      if (tried.kind === 'answered') return wasAsked ? undecided(tried.answer) : tried.answer;
      wasAsked ||= tried.kind === 'unanswered' && !READS.has(frame.type);
      if (clock.monotonic() >= untilMs) break;
      ownership.doubt();
      await this.#pause();
    }
    return failure(frame, wasAsked);
  }

  async #try(
    session: LiveSession,
    frame: Carried,
    conversation: ConversationId,
    text: string,
  ): Promise<Tried> {
    const { ownership, perform, bus } = this.#parts;
    const place = ownership.placeOf(conversation);
    switch (place.kind) {
      case 'nobody':
        return { kind: 'not_here' };
      case 'here': {
        const answer = await perform(session, frame);
        // It was given up meanwhile: nothing was stored, or the next owner finds it by its id.
        return isUnavailable(answer) && !ownership.owns(conversation)
          ? { kind: 'not_here' }
          : { kind: 'answered', answer };
      }
      case 'there': {
        // Who joins a large group waits for others who do.
        const withinMs = FORWARD_ANSWER_MAX_MS + (frame.type === 'join' ? JOIN_WINDOW_MS : 0);
        const outcome = await bus.request(framesTopic(place.node), text, withinMs);
        const answer = outcome.kind === 'answered' ? decodeAnswered(outcome.payload) : undefined;
        if (answer === undefined) return { kind: 'unanswered' };
        return answer === 'not_here' ? { kind: answer } : { kind: 'answered', answer };
      }
    }
  }

  /** Undefined where there is none: then any node may answer, or begin one. */
  async #conversationOf(user: UserId, frame: Carried): Promise<ConversationId | undefined> {
    const { invites, members, messages } = this.#parts;
    if (frame.type === 'join' && frame.code !== undefined)
      return (await invites.invite(frame.code))?.conversation;
    // Asked for again, it is a matter of the group's owner.
    if (frame.type === 'create_group') return (await members.group(user, frame.client_msg_id))?.id;
    if (frame.type === 'get_timeline') return (await messages.locate(frame.message_id))?.conversation;
    return 'conversation_id' in frame ? frame.conversation_id : undefined;
  }

  /** Another node asks. A rejection would count as no answer. */
  async #asked(payload: string): Promise<string> {
    const asked = decodeAsked(payload);
    if (asked === undefined) return NOT_HERE;
    if ('fault' in asked) return encodeAnswered(asked);
    const { user, device, frame } = asked;
    if (!isCarried(frame)) return NOT_HERE;
    const { ownership, perform } = this.#parts;
    const conversation = await this.#conversationOf(user, frame);
    if (conversation === undefined || !ownership.owns(conversation) || this.#active >= FORWARDED_MAX_COUNT) {
      if (conversation !== undefined) ownership.doubt();
      return NOT_HERE;
    }
    this.#active += 1;
    try {
      const answer = await perform(standIn(user, device), frame);
      if (isUnavailable(answer) && !ownership.owns(conversation)) return NOT_HERE;
      const text = encodeAnswered(answer);
      if (Buffer.byteLength(text) <= BUS_PAYLOAD_MAX_BYTES) return text;
      throw new StoreError('outcome_unknown', `an answer to ${frame.type} is too long for the bus`);
    } finally {
      this.#active -= 1;
    }
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { timers, randomness } = this.#parts;
    timers.after(Math.ceil(FORWARD_PAUSE_MS * (0.5 + randomness.fraction())), resolve);
    return promise;
  }
}

function isCarried(frame: { readonly type: string }): frame is Carried {
  return OF_A_CONVERSATION.has(frame.type);
}

/** Who asks, where the session is on another node: what is pushed finds it there. */
function standIn(user: UserId, device: DeviceId): LiveSession {
  return { user, device, push: () => {}, revoke: () => {} };
}

function isUnavailable(answer: Answer): boolean {
  if ('fault' in answer) return answer.fault.code === 'unavailable';
  if (answer.type !== 'sent') return false;
  return answer.results.some((result) => 'error' in result && result.error.code === 'unavailable');
}

/** An earlier try may have been carried out, and may be yet: that nothing was stored by this one says too much. */
function undecided(answer: Answer): Answer {
  if ('fault' in answer) return answer.fault.code === 'unavailable' ? { fault: UNKNOWN } : answer;
  if (answer.type !== 'sent') return answer;
  const results = answer.results.map((result) =>
    'error' in result && result.error.code === 'unavailable' ? { ...result, error: UNKNOWN } : result,
  );
  return { ...answer, results };
}

function failure(frame: Carried, wasAsked: boolean): Answer {
  const fault = wasAsked ? UNKNOWN : UNAVAILABLE;
  if (frame.type !== 'send') return { fault };
  const { ref, conversation_id, messages } = frame;
  const results = messages.map(({ client_msg_id }) => ({ client_msg_id, error: fault }));
  return { type: 'sent', ref, conversation_id, results };
}
