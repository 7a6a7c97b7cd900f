// One record of a conversation's log. Every durable change is one, with a seq of its own.
import * as z from 'zod/mini';
import { receivedContentSchema } from './content.ts';
import { clientMsgIdSchema, messageIdSchema, seqSchema, timeMsSchema, userIdSchema } from './ids.ts';
import { historyPolicySchema, memberSchema, roleSchema } from './role.ts';

const common = {
  /** The last seq that this entry covers; its only one, unless `from` says where the range begins. */
  seq: seqSchema,
  from: z.optional(seqSchema),
  message_id: messageIdSchema,
  /** Who did it. */
  sender: userIdSchema,
  client_msg_id: clientMsgIdSchema,
  at: timeMsSchema,
};

export const messageEntrySchema = z.object({
  ...common,
  kind: z.literal('message'),
  content: receivedContentSchema,
});
export const groupCreatedEntrySchema = z.object({
  ...common,
  kind: z.literal('group_created'),
  title: z.string(),
  history: historyPolicySchema,
  members: z.array(memberSchema),
});
export const groupRenamedEntrySchema = z.object({
  ...common,
  kind: z.literal('group_renamed'),
  title: z.string(),
});
export const membersAddedEntrySchema = z.object({
  ...common,
  kind: z.literal('members_added'),
  members: z.array(memberSchema),
});
export const memberRemovedEntrySchema = z.object({
  ...common,
  kind: z.literal('member_removed'),
  user_id: userIdSchema,
});
/** The sender left. Where that left the group without an owner, `new_owner` says who became it. */
export const memberLeftEntrySchema = z.object({
  ...common,
  kind: z.literal('member_left'),
  user_id: userIdSchema,
  new_owner: z.optional(userIdSchema),
});
/** Where the owner's role was handed over, the former owner (the sender) is an admin from here on. */
export const roleChangedEntrySchema = z.object({
  ...common,
  kind: z.literal('role_changed'),
  user_id: userIdSchema,
  role: roleSchema,
});

export const knownEntrySchema = z.discriminatedUnion('kind', [
  messageEntrySchema,
  groupCreatedEntrySchema,
  groupRenamedEntrySchema,
  membersAddedEntrySchema,
  memberRemovedEntrySchema,
  memberLeftEntrySchema,
  roleChangedEntrySchema,
]);
export type Entry = z.infer<typeof knownEntrySchema>;
export type EntryKind = Entry['kind'];

/** An entry of a later version: it covers its seqs like any other and is shown as "unsupported". */
export const unknownEntrySchema = z.looseObject({ ...common, kind: z.string() });
export type UnknownEntry = z.infer<typeof unknownEntrySchema>;

export const entrySchema = z.union([knownEntrySchema, unknownEntrySchema]);

const KNOWN: ReadonlySet<string> = new Set<EntryKind>([
  'message',
  'group_created',
  'group_renamed',
  'members_added',
  'member_removed',
  'member_left',
  'role_changed',
]);
export function isKnownEntry(entry: Entry | UnknownEntry): entry is Entry {
  return KNOWN.has(entry.kind);
}
