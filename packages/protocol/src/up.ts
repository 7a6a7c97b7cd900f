// Every frame that a client may send.
import * as z from 'zod/mini';
import {
  createGroupSchema,
  getConversationSchema,
  listConversationsSchema,
  openDirectSchema,
  renameGroupSchema,
} from './conversation.ts';
import { heartbeatSchema } from './heartbeat.ts';
import { helloSchema } from './hello.ts';
import { pullSchema, receivedSchema } from './log.ts';
import {
  addMembersSchema,
  leaveGroupSchema,
  listMembersSchema,
  removeMemberSchema,
  setRoleSchema,
} from './member.ts';
import {
  deleteMessageSchema,
  editMessageSchema,
  getVersionsSchema,
  pinMessageSchema,
  reactSchema,
} from './message.ts';
import { sendSchema } from './send.ts';
import { findUsersSchema } from './user.ts';

export const upSchemas = [
  helloSchema,
  heartbeatSchema,
  sendSchema,
  pullSchema,
  receivedSchema,
  openDirectSchema,
  createGroupSchema,
  renameGroupSchema,
  listConversationsSchema,
  getConversationSchema,
  addMembersSchema,
  removeMemberSchema,
  leaveGroupSchema,
  setRoleSchema,
  listMembersSchema,
  findUsersSchema,
  editMessageSchema,
  deleteMessageSchema,
  reactSchema,
  pinMessageSchema,
  getVersionsSchema,
] as const;

export const upSchema = z.discriminatedUnion('type', upSchemas);
export type Up = z.infer<typeof upSchema>;
