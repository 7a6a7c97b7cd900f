// The answer to a change that is an entry of a log.
import type { ConversationId } from '@parley/protocol/ids';
import type { Outcome } from '../message/submission.ts';
import type { Answer } from './request.ts';

export function changed(frame: { ref: number; conversation_id: ConversationId }, outcome: Outcome): Answer {
  if (outcome.kind === 'failed') return { fault: outcome.fault };
  const { seq, messageId, at } = outcome;
  const { ref, conversation_id } = frame;
  return { type: 'changed', ref, conversation_id, seq, message_id: messageId, at };
}
