// Every frame that the server may send.
import * as z from 'zod/mini';
import { userTypingSchema } from './typing.ts';
import { timelineSchema } from './trace.ts';
import { blockedSchema, settingsSchema, userBlockedSchema } from './settings.ts';
import { reportedSchema, reportsSchema } from './report.ts';
import {
  messageReceiptsSchema,
  receiptsSchema,
  standingSchema,
  unreadSchema,
  watermarksSchema,
} from './reading.ts';
import { contactsSchema, presenceSchema } from './presence.ts';
import { hiddenSchema, threadsSchema } from './personal.ts';
import { channelsSchema, inviteSchema, invitesSchema } from './invite.ts';
import { devicesSchema } from './device.ts';
import { conversationSchema, conversationsSchema } from './conversation.ts';
import { beatSchema } from './heartbeat.ts';
import { welcomeSchema } from './hello.ts';
import { entriesSchema, headsSchema, pulledSchema, queueEmptySchema } from './log.ts';
import { changedSchema, membersSchema } from './member.ts';
import { drainingSchema, errorSchema, doneSchema } from './notice.ts';
import { versionsSchema } from './message.ts';
import { sentSchema } from './send.ts';
import { usersSchema } from './user.ts';

export const downSchemas = [
  welcomeSchema,
  beatSchema,
  sentSchema,
  pulledSchema,
  entriesSchema,
  headsSchema,
  queueEmptySchema,
  conversationSchema,
  conversationsSchema,
  changedSchema,
  membersSchema,
  usersSchema,
  versionsSchema,
  devicesSchema,
  channelsSchema,
  inviteSchema,
  invitesSchema,
  doneSchema,
  hiddenSchema,
  threadsSchema,
  contactsSchema,
  presenceSchema,
  messageReceiptsSchema,
  receiptsSchema,
  standingSchema,
  unreadSchema,
  watermarksSchema,
  reportedSchema,
  reportsSchema,
  blockedSchema,
  settingsSchema,
  userBlockedSchema,
  timelineSchema,
  userTypingSchema,
  errorSchema,
  drainingSchema,
] as const;

export const downSchema = z.discriminatedUnion('type', downSchemas);
export type Down = z.infer<typeof downSchema>;
