// What a message may carry besides its content.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { Outgoing } from '@parley/protocol/send';
import type { ChangeOptions } from './group-calls.ts';

/** Whom a message is meant for: up to 50 users by id, and all members, or those who are connected. */
export type MentionOptions = { users?: readonly string[]; everyone?: 'all' | 'here' };

/** A message: its conversation, which may be another one, and its seq. */
export type MessageRef = { conversation_id: string; seq: Seq };

export type SendOptions = ChangeOptions & {
  /** The seq of the message that this one answers. */
  replyTo?: Seq;
  /** The seq of the message whose thread this one belongs to. */
  thread?: Seq;
  mentions?: MentionOptions;
  /** A message that is passed on, as it is now; then there is no content. */
  forward?: MessageRef;
};

/** A message as on the wire, with nothing checked yet. */
export type NewMessage = {
  content?: object;
  reply_to?: Seq;
  thread?: Seq;
  mentions?: MentionOptions;
  forward?: MessageRef;
};

export function newMessage(content: string | object | undefined, options: SendOptions): NewMessage {
  const { replyTo, thread, mentions, forward } = options;
  return {
    ...(content === undefined
      ? {}
      : { content: typeof content === 'string' ? { kind: 'text', text: content } : content }),
    ...(forward === undefined ? {} : { forward }),
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    ...(thread === undefined ? {} : { thread }),
    ...(mentions === undefined ? {} : { mentions }),
  };
}

/** Whether a server of version 1 cannot store it as it is. */
export function needsVersion2(send: Outgoing & { conversation_id: ConversationId }): boolean {
  const { client_msg_id: _id, conversation_id: _conversation, content, ...more } = send;
  return (
    Object.values(more).some((value) => value !== undefined) ||
    content === undefined ||
    content.format !== undefined ||
    content.attachments !== undefined
  );
}
