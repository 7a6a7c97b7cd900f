// One record of a conversation's log. Every durable change is one, with a seq of its own.
import * as z from 'zod/mini';
import { mentionsSchema, receivedContentSchema } from './content.ts';
import { clientMsgIdSchema, messageIdSchema, seqSchema, timeMsSchema, userIdSchema } from './ids.ts';
import { groupSettingsSchema, historyPolicySchema, memberSchema, roleSchema } from './role.ts';

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

/** Where a forwarded message came from. */
export const originSchema = z.object({ message_id: messageIdSchema, sender: userIdSchema, at: timeMsSchema });
export type Origin = z.infer<typeof originSchema>;

/** What a message carries besides its content; the same in the entry and in what one sends. */
const references = {
  /** The seq of the message that this one answers. */
  reply_to: z.optional(seqSchema),
  /** The seq of the message whose thread this one belongs to. */
  thread: z.optional(seqSchema),
  mentions: z.optional(mentionsSchema),
};

/** Once the message was deleted, its content's kind is `deleted` and it has nothing else. */
export const messageEntrySchema = z.object({
  ...common,
  ...references,
  kind: z.literal('message'),
  content: receivedContentSchema,
  forwarded: z.optional(originSchema),
});
/** `target` has new content. The message keeps its seq; its version is the seq of its last edit. */
export const messageEditedEntrySchema = z.object({
  ...common,
  kind: z.literal('message_edited'),
  target: seqSchema,
  content: receivedContentSchema,
  mentions: z.optional(mentionsSchema),
});
/** Final: the content is gone from the server, nothing about the message changes any more. */
export const messageDeletedEntrySchema = z.object({
  ...common,
  kind: z.literal('message_deleted'),
  target: seqSchema,
});
const reaction = { ...common, target: seqSchema, emoji: z.string() };
export const reactionAddedEntrySchema = z.object({ ...reaction, kind: z.literal('reaction_added') });
export const reactionRemovedEntrySchema = z.object({ ...reaction, kind: z.literal('reaction_removed') });
export const messagePinnedEntrySchema = z.object({
  ...common,
  kind: z.literal('message_pinned'),
  target: seqSchema,
});
export const messageUnpinnedEntrySchema = z.object({
  ...common,
  kind: z.literal('message_unpinned'),
  target: seqSchema,
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
  /** May not come back by any way until an owner or admin lifts it. */
  banned: z.optional(z.literal(true)),
});
/** They came by an invitation or into a public channel; `sender` is the first of them. */
export const membersJoinedEntrySchema = z.object({
  ...common,
  kind: z.literal('members_joined'),
  members: z.array(memberSchema),
});
export const memberUnbannedEntrySchema = z.object({
  ...common,
  kind: z.literal('member_unbanned'),
  user_id: userIdSchema,
});
/** What is absent stayed as it was. */
export const groupSetEntrySchema = z.object({
  ...common,
  ...z.partial(groupSettingsSchema).shape,
  kind: z.literal('group_set'),
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
  messageEditedEntrySchema,
  messageDeletedEntrySchema,
  reactionAddedEntrySchema,
  reactionRemovedEntrySchema,
  messagePinnedEntrySchema,
  messageUnpinnedEntrySchema,
  groupCreatedEntrySchema,
  groupRenamedEntrySchema,
  membersAddedEntrySchema,
  memberRemovedEntrySchema,
  membersJoinedEntrySchema,
  memberUnbannedEntrySchema,
  groupSetEntrySchema,
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
  'message_edited',
  'message_deleted',
  'reaction_added',
  'reaction_removed',
  'message_pinned',
  'message_unpinned',
  'group_created',
  'group_renamed',
  'members_added',
  'member_removed',
  'members_joined',
  'member_unbanned',
  'group_set',
  'member_left',
  'role_changed',
]);
export function isKnownEntry(entry: Entry | UnknownEntry): entry is Entry {
  return KNOWN.has(entry.kind);
}
