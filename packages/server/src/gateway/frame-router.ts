// From a frame of a connected session to the service that does it, and its answer back.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { Received } from '@parley/protocol/log';
import type { Send, SendResult, Sent } from '@parley/protocol/send';
import type { Up } from '@parley/protocol/up';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import { StoreError } from '@parley/ports/store-error';
import type { LiveSession } from '../connection/live-sessions.ts';
import type { History } from '../message/history.ts';
import type { MessageService } from '../message/message-service.ts';
import type { ReceivedMarks } from '../message/received-marks.ts';
import { faultOfFailure, UNAVAILABLE } from '../message/submission.ts';
import {
  NO_CONVERSATION,
  type Answer,
  type Handlers,
  type LogRead,
  type Request,
  type Signal,
  type Signals,
} from '../request/request.ts';
import { UNAVAILABLE_LOG_INTERVAL_MS } from './limits.ts';
import type { Session } from './session.ts';

export interface RouterParts {
  readonly messages: MessageService;
  readonly history: History;
  readonly marks: ReceivedMarks;
  readonly handlers: Handlers;
  readonly signals: Signals;
  /** Where there are several nodes: has it done by the one whose business it is. Undefined: any node can do it. */
  readonly carry?: (session: LiveSession, frame: Send | Request) => Promise<Answer> | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const NO_MESSAGE = fault('not_found', 'There is no such message.', { field: 'target' });
/** Requests that store nothing, whatever becomes of them. */
const READS: ReadonlySet<string> = new Set<Up['type']>([
  'pull',
  'get_versions',
  'get_conversation',
  'list_conversations',
  'list_members',
  'find_users',
  'get_unread',
  'get_receipts',
  'get_watermarks',
  'list_hidden',
  'list_threads',
  'get_presence',
  'list_contacts',
  'get_settings',
  'list_blocked',
  'list_reports',
  'list_devices',
  'get_timeline',
  'list_invites',
  'find_channels',
]);

export class FrameRouter {
  readonly #services: RouterParts;
  #logUnavailableAtMs = 0;

  constructor(parts: RouterParts) {
    this.#services = parts;
  }

  /** Never rejects. */
  async send(session: Session, frame: Send): Promise<void> {
    const answer = await (this.#services.carry?.(session, frame) ?? this.#store(session, frame));
    if ('fault' in answer) session.error(answer.fault, frame.ref);
    else session.send(answer);
  }

  async #store(session: LiveSession, frame: Send): Promise<Sent> {
    const { ref, conversation_id, messages } = frame;
    const request = { conversation: conversation_id, sender: session.user, messages };
    const outcomes = await this.#services.messages.send(request);
    const results = outcomes.map((outcome, index): SendResult => {
      const client_msg_id = (messages[index] as Send['messages'][number]).client_msg_id;
      if (outcome.kind === 'failed') return { client_msg_id, error: outcome.fault };
      return { client_msg_id, seq: outcome.seq, message_id: outcome.messageId, at: outcome.at };
    });
    return { type: 'sent', ref, conversation_id, results };
  }

  /** Never rejects. */
  async read(session: Session, frame: LogRead): Promise<void> {
    // It may have waited in the lane while its session closed.
    if (session.state.kind === 'closed') return;
    const { history } = this.#services;
    try {
      const isPull = frame.type === 'pull';
      const answer = isPull
        ? await history.pull(session.user, session.device, frame)
        : await history.versions(session.user, frame);
      if (answer === undefined) session.error(isPull ? NO_CONVERSATION.fault : NO_MESSAGE, frame.ref);
      else session.reply(answer);
    } catch (error) {
      session.error(this.#faultOf(frame, error), frame.ref);
    }
  }

  /** Undefined when all marks were taken at once; else resolves when they are. Never rejects. */
  received(session: Session, frame: Received): Promise<void> | undefined {
    const { user, device } = session;
    const pending: Promise<void>[] = [];
    for (const { conversation_id, seq } of frame.marks) {
      const outcome = this.#services.marks.mark(user, device, conversation_id, seq);
      const then = (refused: Fault | undefined) => {
        if (refused === undefined) session.received(conversation_id, seq);
        else session.error(refused);
      };
      // `mark` answers at once while a conversation is in memory, and its promise does not reject.
      if (outcome instanceof Promise) pending.push(outcome.then(then));
      else then(outcome);
    }
    return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
  }

  /** Never rejects. */
  async request(session: Session, frame: Request): Promise<void> {
    try {
      const answer = await (this.#services.carry?.(session, frame) ?? this.#answer(session, frame));
      if ('fault' in answer) session.error(answer.fault, frame.ref);
      else session.send(answer);
    } catch (error) {
      session.error(this.#faultOf(frame, error), frame.ref);
    }
  }

  /** Carries it out on this node, whoever asks, and leaves the answer to the caller. Never rejects. */
  async perform(session: LiveSession, frame: Send | Request): Promise<Answer> {
    if (frame.type === 'send') return this.#store(session, frame);
    try {
      return await this.#answer(session, frame);
    } catch (error) {
      return { fault: this.#faultOf(frame, error) };
    }
  }

  signal(session: Session, frame: Signal): void {
    const handle = this.#services.signals[frame.type] as (
      session: LiveSession,
      frame: Signal,
    ) => Fault | undefined;
    const refused = handle(session, frame);
    if (refused !== undefined) session.error(refused);
  }

  #answer(session: LiveSession, frame: Request): Answer | Promise<Answer> {
    // The table has a handler of each type for the frames of that type: the compiler cannot pair the two.
    const handle = this.#services.handlers[frame.type] as (
      session: LiveSession,
      frame: Request,
    ) => Answer | Promise<Answer>;
    return handle(session, frame);
  }

  #faultOf(frame: Request | LogRead, error: unknown): Fault {
    if (this.#isToBeLogged(error)) this.#services.log.error({ frame: frame.type, error }, 'a request failed');
    return READS.has(frame.type) ? UNAVAILABLE : faultOfFailure(error);
  }

  #isToBeLogged(error: unknown): boolean {
    if (!(error instanceof StoreError) || error.kind !== 'unavailable') return true;
    const nowMs = this.#services.clock.monotonic();
    if (nowMs < this.#logUnavailableAtMs) return false;
    this.#logUnavailableAtMs = nowMs + UNAVAILABLE_LOG_INTERVAL_MS;
    return true;
  }
}
