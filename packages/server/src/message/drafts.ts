// From what a client sends to what the owner stores: bodies with their references, forwarded content resolved.
import type { Content } from '@parley/protocol/content';
import type { Origin } from '@parley/protocol/entry';
import { fault, type Fault } from '@parley/protocol/error-code';
import type { UserId } from '@parley/protocol/ids';
import type { Outgoing } from '@parley/protocol/send';
import type { MessageReader } from './message-reader.ts';
import { UNAVAILABLE, type Draft } from './submission.ts';

const NEITHER = 'A message has either content or forward.';

/** Of one message, the `index`th of its frame. Never rejects. */
export async function forwardDraft(
  outgoing: Outgoing,
  { index, sender, reader }: { index: number; sender: UserId; reader: MessageReader },
): Promise<Draft> {
  const { forward } = outgoing;
  const field = `messages.${index}.forward`;
  if (forward === undefined) return contentDraft(outgoing, index);
  if (outgoing.content !== undefined) return refused(outgoing, fault('invalid_field', NEITHER, { field }));
  try {
    const found = await reader.present(sender, forward.conversation_id, forward.seq);
    switch (found.kind) {
      case 'found':
        return draftOf(outgoing, { content: found.content, forwarded: found.origin });
      case 'deleted':
        return refused(outgoing, fault('deleted', 'The message to forward was deleted.', { field }));
      case 'not_found':
        return refused(outgoing, fault('not_found', 'There is no such message to forward.', { field }));
    }
  } catch {
    return refused(outgoing, UNAVAILABLE);
  }
}

export function contentDraft(outgoing: Outgoing, index: number): Draft {
  const { content } = outgoing;
  if (content !== undefined) return draftOf(outgoing, { content });
  return refused(outgoing, fault('invalid_field', NEITHER, { field: `messages.${index}.content` }));
}

function draftOf(outgoing: Outgoing, said: { content: Content; forwarded?: Origin }): Draft {
  const { client_msg_id: clientMsgId, reply_to, thread, mentions } = outgoing;
  const { content, forwarded } = said;
  return {
    clientMsgId,
    body: JSON.stringify({ content, reply_to, thread, mentions, forwarded }),
    ...(reply_to === undefined ? {} : { replyTo: reply_to }),
    ...(thread === undefined ? {} : { thread }),
    ...(forwarded === undefined ? {} : { matches: forwardMatches(outgoing, forwarded) }),
  };
}

function refused(outgoing: Outgoing, refusal: Fault): Draft {
  const isForward = outgoing.forward !== undefined && outgoing.content === undefined;
  const matches = isForward ? forwardMatches(outgoing, undefined) : () => false;
  return { clientMsgId: outgoing.client_msg_id, body: '', refusal, matches };
}

/**
 * The request fixes where a forward comes from, not what that says: it may have been edited since the first try. Where
 * the source cannot be read any more, it cannot be told from another one.
 */
function forwardMatches(outgoing: Outgoing, origin: Origin | undefined): (body: string) => boolean {
  const { reply_to, thread, mentions } = outgoing;
  return (body) => {
    const { content: _, forwarded, ...references } = JSON.parse(body) as Record<string, unknown>;
    return (
      forwarded !== undefined &&
      (origin === undefined || JSON.stringify(forwarded) === JSON.stringify(origin)) &&
      JSON.stringify(references) === JSON.stringify({ reply_to, thread, mentions })
    );
  };
}
