// Frames that change messages or name earlier ones, from the numbers of a random step.
import type { LogRows } from '@parley/adapter-memory/memory-world';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { MessageState } from '@parley/protocol/message-state';

interface Place {
  readonly conversation: ConversationId;
  readonly log: LogRows | undefined;
  readonly id: string;
}

/** Of `what` modulo 8: edits twice, a deletion, reactions, pins. The target is a seq, mostly of a message. */
export function messageChangeFrame(what: number, target: number, { conversation, log, id }: Place): object {
  const row = log?.states.get(target);
  const version = row === undefined ? target : (JSON.parse(row.body) as MessageState).version;
  const content = { kind: 'text', text: `edit [${id}]` };
  const changes = [
    { type: 'edit_message', version, content },
    { type: 'edit_message', version, content, mentions: { everyone: 'all' } },
    { type: 'delete_message' },
    { type: 'react', emoji: '👍' },
    { type: 'react', emoji: '🎉' },
    { type: 'react', emoji: '👍', remove: true },
    { type: 'pin_message' },
    { type: 'pin_message', remove: true },
  ];
  return { ...changes[what % changes.length], conversation_id: conversation, client_msg_id: id, target };
}

/** Of `how` modulo 4: a reply, a message of a thread twice, a forward. */
export function referringFrame(
  how: number,
  to: number,
  { conversation, id }: Omit<Place, 'log'>,
  source: { conversation: ConversationId; user: UserId },
): object {
  const content = { kind: 'text', text: `text [${id}]` };
  const messages = [
    { content, reply_to: to, mentions: { users: [source.user] } },
    { content, thread: to },
    { content, thread: to, reply_to: to },
    { forward: { conversation_id: source.conversation, seq: to } },
  ];
  return {
    type: 'send',
    conversation_id: conversation,
    messages: [{ client_msg_id: id, ...messages[how % messages.length] }],
  };
}
