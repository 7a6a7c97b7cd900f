// Every frame that a client may send.
import * as z from 'zod/mini';
import { typingSchema } from './typing.ts';
import { getTimelineSchema } from './trace.ts';
import {
  blockUserSchema,
  getSettingsSchema,
  listBlockedSchema,
  setSettingsSchema,
  unblockUserSchema,
} from './settings.ts';
import { closeReportSchema, listReportsSchema, reportSchema } from './report.ts';
import {
  getReceiptsSchema,
  getUnreadSchema,
  getWatermarksSchema,
  markUnreadSchema,
  readSchema,
} from './reading.ts';
import {
  getPresenceSchema,
  listContactsSchema,
  setPresenceSchema,
  unwatchSchema,
  watchSchema,
} from './presence.ts';
import {
  followThreadSchema,
  hideMessageSchema,
  listHiddenSchema,
  listThreadsSchema,
  setConversationSchema,
} from './personal.ts';
import {
  createInviteSchema,
  findChannelsSchema,
  joinSchema,
  listInvitesSchema,
  revokeInviteSchema,
} from './invite.ts';
import { listDevicesSchema, revokeDeviceSchema } from './device.ts';
import {
  createGroupSchema,
  getConversationSchema,
  listConversationsSchema,
  openDirectSchema,
  renameGroupSchema,
  setGroupSchema,
  viewSchema,
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
  unbanMemberSchema,
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
  setGroupSchema,
  viewSchema,
  listDevicesSchema,
  revokeDeviceSchema,
  createInviteSchema,
  findChannelsSchema,
  joinSchema,
  listInvitesSchema,
  revokeInviteSchema,
  unbanMemberSchema,
  followThreadSchema,
  hideMessageSchema,
  listHiddenSchema,
  listThreadsSchema,
  setConversationSchema,
  getPresenceSchema,
  listContactsSchema,
  setPresenceSchema,
  unwatchSchema,
  watchSchema,
  getReceiptsSchema,
  getUnreadSchema,
  getWatermarksSchema,
  markUnreadSchema,
  readSchema,
  closeReportSchema,
  listReportsSchema,
  reportSchema,
  blockUserSchema,
  getSettingsSchema,
  listBlockedSchema,
  setSettingsSchema,
  unblockUserSchema,
  getTimelineSchema,
  typingSchema,
  getVersionsSchema,
] as const;

export const upSchema = z.discriminatedUnion('type', upSchemas);
export type Up = z.infer<typeof upSchema>;
