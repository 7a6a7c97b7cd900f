// The requests that change a message.
import type { UserId } from '@parley/protocol/ids';
import type { DeleteMessage, EditMessage, PinMessage, React } from '@parley/protocol/message';
import type { LiveSession } from '../connection/live-sessions.ts';
import { changed } from '../request/changed.ts';
import type { Answer, Handlers } from '../request/request.ts';
import {
  messageDeleted,
  messageEdited,
  messagePinned,
  messageReacted,
  type MessageChange,
} from './message-changes.ts';
import type { MessageService } from './message-service.ts';

type Frame = EditMessage | DeleteMessage | React | PinMessage;

/** `editWindowMs`: for how long an author may edit and delete; undefined: for ever. */
export function changeRequests(parts: {
  messages: MessageService;
  editWindowMs: number | undefined;
}): Handlers<Frame['type']> {
  const { messages, editWindowMs } = parts;
  const ask = async (user: UserId, frame: Frame, change: MessageChange): Promise<Answer> => {
    const outcome = await messages.changeMessage({
      conversation: frame.conversation_id,
      sender: user,
      clientMsgId: frame.client_msg_id,
      change,
      bytes: frame.type === 'edit_message' ? JSON.stringify(frame.content).length : 0,
    });
    return changed(frame, outcome);
  };
  return {
    edit_message: ({ user }: LiveSession, frame) =>
      ask(user, frame, messageEdited(user, frame, editWindowMs)),
    delete_message: ({ user }, frame) => ask(user, frame, messageDeleted(user, frame, editWindowMs)),
    react: ({ user }, frame) => ask(user, frame, messageReacted(user, frame)),
    pin_message: ({ user }, frame) => ask(user, frame, messagePinned(user, frame)),
  };
}
