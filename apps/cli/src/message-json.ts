// A message as it is now as one JSON line, for scripts: the entry's line, and what happened to the message since.
import type { Message } from '@parley/client';
import { contentFields, references } from './entry-json.ts';
import type { NameOf } from './entry-users.ts';

/** {…,"text","version","deleted","pinned","reactions":[{"emoji","count","users"}],"replies",…}; no text once deleted. */
export function messageJson(message: Message, nameOf: NameOf): Record<string, unknown> {
  const { conversation_id, seq, message_id, sender, client_msg_id, at } = message;
  const { content, version, deleted, pinned, reactions, replies, last_reply } = message;
  return {
    conversation_id,
    seq,
    kind: 'message',
    message_id,
    sender: nameOf(sender),
    sender_id: sender,
    ...(deleted ? {} : contentFields(content)),
    version,
    deleted,
    pinned,
    reactions: reactions.map(({ emoji, users }) => ({
      emoji,
      count: users.length,
      users: users.map(nameOf),
    })),
    ...references(message, nameOf),
    replies,
    ...(last_reply === undefined ? {} : { last_reply }),
    client_msg_id,
    at,
  };
}
