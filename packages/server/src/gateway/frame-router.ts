// From a frame of a connected session to the service that does it, and its answer back.
import type { Down } from '@parley/protocol/down';
import { fault, type Fault } from '@parley/protocol/error-code';
import type { Pull, Received } from '@parley/protocol/log';
import type { AddMembers, LeaveGroup, RemoveMember, SetRole } from '@parley/protocol/member';
import type { RenameGroup } from '@parley/protocol/conversation';
import type { Send, SendResult } from '@parley/protocol/send';
import type { FindUsers } from '@parley/protocol/user';
import { USERS_PER_FRAME_MAX_COUNT } from '@parley/protocol/limits';
import type { Up } from '@parley/protocol/up';
import type { DeleteMessage, EditMessage, GetVersions, PinMessage, React } from '@parley/protocol/message';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import { StoreError } from '@parley/ports/store-error';
import type { AccountService } from '../account/account-service.ts';
import type { ConversationViews } from '../group/conversation-views.ts';
import { memberLeft, memberRemoved, membersAdded, renamed, roleChanged } from '../group/group-changes.ts';
import type { GroupService, Opened } from '../group/group-service.ts';
import type { History } from '../message/history.ts';
import { messageDeleted, messageEdited, messagePinned, messageReacted } from '../message/message-changes.ts';
import type { MessageService } from '../message/message-service.ts';
import type { ReceivedMarks } from '../message/received-marks.ts';
import { faultOfFailure, UNAVAILABLE, type Outcome } from '../message/submission.ts';
import { UNAVAILABLE_LOG_INTERVAL_MS } from './limits.ts';
import type { Session } from './session.ts';

export interface Services {
  readonly accounts: AccountService;
  readonly messages: MessageService;
  readonly history: History;
  readonly marks: ReceivedMarks;
  readonly groups: GroupService;
  readonly views: ConversationViews;
  readonly clock: Clock;
  readonly log: Log;
  /** For how long an author may edit and delete; undefined: for ever. */
  readonly editWindowMs: number | undefined;
}

type Answer = Down | { readonly fault: Fault };
export type Request = Exclude<
  Up,
  { type: 'hello' | 'heartbeat' | 'received' | 'send' | 'pull' | 'get_versions' }
>;
type MemberChange = RenameGroup | AddMembers | RemoveMember | LeaveGroup | SetRole;
type MessageChangeFrame = EditMessage | DeleteMessage | React | PinMessage;
/** Answered from the log: such answers may be large, so a session has only some of them at once. */
export type LogRead = Pull | GetVersions;

const NOT_FOUND = {
  fault: fault('not_found', 'There is no such conversation.', { field: 'conversation_id' }),
};
const NO_MESSAGE = fault('not_found', 'There is no such message.', { field: 'target' });
/** Requests that store nothing, whatever becomes of them. */
const READS: ReadonlySet<string> = new Set<Up['type']>([
  'pull',
  'get_conversation',
  'list_conversations',
  'list_members',
  'find_users',
  'get_versions',
]);

export class FrameRouter {
  readonly #services: Services;
  #logUnavailableAtMs = 0;

  constructor(services: Services) {
    this.#services = services;
  }

  /** Never rejects. */
  async send(session: Session, frame: Send): Promise<void> {
    const { ref, conversation_id, messages } = frame;
    const request = { conversation: conversation_id, sender: session.user, messages };
    const outcomes = await this.#services.messages.send(request);
    const results = outcomes.map((outcome, index): SendResult => {
      const client_msg_id = (messages[index] as Send['messages'][number]).client_msg_id;
      if (outcome.kind === 'failed') return { client_msg_id, error: outcome.fault };
      return { client_msg_id, seq: outcome.seq, message_id: outcome.messageId, at: outcome.at };
    });
    session.send({ type: 'sent', ref, conversation_id, results });
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
      if (answer === undefined) session.error(isPull ? NOT_FOUND.fault : NO_MESSAGE, frame.ref);
      else session.reply(answer);
    } catch (error) {
      this.#failed(session, frame, error);
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
      const answer = await this.#answer(session, frame);
      if ('fault' in answer) session.error(answer.fault, frame.ref);
      else session.send(answer);
    } catch (error) {
      this.#failed(session, frame, error);
    }
  }

  async #answer(session: Session, frame: Request): Promise<Answer> {
    const { groups, views } = this.#services;
    const { ref } = frame;
    const { user, device } = session;
    const asker = { user, device };
    switch (frame.type) {
      case 'open_direct':
        return opened(ref, await groups.openDirect(asker, frame));
      case 'create_group':
        return opened(ref, await groups.createGroup(asker, frame));
      case 'get_conversation': {
        const view = await views.one(asker, frame.conversation_id);
        return view === undefined ? NOT_FOUND : { type: 'conversation', ref, conversation: view };
      }
      case 'list_conversations': {
        const page = await views.page(asker, frame);
        return { type: 'conversations', ref, ...page, rows: [...page.rows] };
      }
      case 'list_members': {
        const page = await views.members(asker, frame);
        return page === undefined ? NOT_FOUND : { type: 'members', ref, ...page };
      }
      case 'find_users':
        return this.#findUsers(frame);
      case 'rename_group':
      case 'add_members':
      case 'remove_member':
      case 'leave_group':
      case 'set_role':
        return this.#change(session, frame);
      case 'edit_message':
      case 'delete_message':
      case 'react':
      case 'pin_message':
        return this.#changeMessage(session, frame);
    }
  }

  async #changeMessage({ user }: Session, frame: MessageChangeFrame): Promise<Answer> {
    const { messages, editWindowMs } = this.#services;
    const outcome = await messages.changeMessage({
      conversation: frame.conversation_id,
      sender: user,
      clientMsgId: frame.client_msg_id,
      change: messageChangeOf(user, frame, editWindowMs),
      bytes: frame.type === 'edit_message' ? JSON.stringify(frame.content).length : 0,
    });
    return changed(frame, outcome);
  }

  async #change(session: Session, frame: MemberChange): Promise<Answer> {
    const { groups } = this.#services;
    const { user, device } = session;
    const { conversation_id, client_msg_id } = frame;
    const newcomers = frame.type === 'add_members' ? frame.user_ids : [];
    const request = {
      conversation: conversation_id,
      clientMsgId: client_msg_id,
      change: changeOf(user, frame),
      newcomers,
    };
    const outcome: Outcome = await groups.change({ user, device }, request);
    return changed(frame, outcome);
  }

  async #findUsers({ ref, names = [], ids = [] }: FindUsers): Promise<Answer> {
    if (names.length + ids.length > USERS_PER_FRAME_MAX_COUNT) {
      return { fault: fault('limit_reached', `At most ${USERS_PER_FRAME_MAX_COUNT} users at once.`) };
    }
    const users = await this.#services.accounts.findUsers(names, ids);
    return { type: 'users', ref, users: users.map(({ id, name }) => ({ user_id: id, name })) };
  }

  #failed(session: Session, frame: Request | LogRead, error: unknown): void {
    if (this.#isToBeLogged(error)) this.#services.log.error({ frame: frame.type, error }, 'a request failed');
    session.error(READS.has(frame.type) ? UNAVAILABLE : faultOfFailure(error), frame.ref);
  }

  #isToBeLogged(error: unknown): boolean {
    if (!(error instanceof StoreError) || error.kind !== 'unavailable') return true;
    const nowMs = this.#services.clock.monotonic();
    if (nowMs < this.#logUnavailableAtMs) return false;
    this.#logUnavailableAtMs = nowMs + UNAVAILABLE_LOG_INTERVAL_MS;
    return true;
  }
}

function opened(ref: number, outcome: Opened): Answer {
  return 'fault' in outcome ? outcome : { type: 'conversation', ref, conversation: outcome.view };
}

function changed({ ref, conversation_id }: MemberChange | MessageChangeFrame, outcome: Outcome): Answer {
  if (outcome.kind === 'failed') return { fault: outcome.fault };
  const { seq, messageId, at } = outcome;
  return { type: 'changed', ref, conversation_id, seq, message_id: messageId, at };
}

function messageChangeOf(user: Session['user'], frame: MessageChangeFrame, windowMs: number | undefined) {
  switch (frame.type) {
    case 'edit_message':
      return messageEdited(user, frame, windowMs);
    case 'delete_message':
      return messageDeleted(user, frame, windowMs);
    case 'react':
      return messageReacted(user, frame);
    case 'pin_message':
      return messagePinned(user, frame);
  }
}

function changeOf(user: Session['user'], frame: MemberChange) {
  switch (frame.type) {
    case 'rename_group':
      return renamed(user, frame.title);
    case 'add_members':
      return membersAdded(user, frame.user_ids);
    case 'remove_member':
      return memberRemoved(user, frame.user_id);
    case 'leave_group':
      return memberLeft(user);
    case 'set_role':
      return roleChanged(user, frame.user_id, frame.role);
  }
}
