// That a large group has new entries, to all nodes: each reads them once for those of its members who are to know.
import * as z from 'zod/mini';
import { conversationIdSchema, seqSchema } from '@parley/protocol/ids';

const VERSION = 1;

const messageSchema = z.object({
  v: z.literal(VERSION),
  kind: z.literal('moved'),
  /** The node that says so. */
  from: z.string(),
  conversation: conversationIdSchema,
  /** The first and the last of the new entries. */
  first: seqSchema,
  head: seqSchema,
});
export type GroupMoved = Pick<z.infer<typeof messageSchema>, 'from' | 'conversation' | 'first' | 'head'>;

export function encodeMoved({ from, conversation, first, head }: GroupMoved): string {
  return JSON.stringify({ v: VERSION, kind: 'moved', from, conversation, first, head });
}

/** Undefined for what cannot be read: a node of another version may say other things. */
export function decodeMoved(payload: string): GroupMoved | undefined {
  try {
    const read = messageSchema.safeParse(JSON.parse(payload));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
