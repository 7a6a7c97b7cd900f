// Every frame that the server may send.
import * as z from 'zod/mini';
import { conversationSchema, conversationsSchema } from './conversation.ts';
import { beatSchema } from './heartbeat.ts';
import { welcomeSchema } from './hello.ts';
import { entriesSchema, headsSchema, pulledSchema, queueEmptySchema } from './log.ts';
import { changedSchema, membersSchema } from './member.ts';
import { drainingSchema, errorSchema } from './notice.ts';
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
  errorSchema,
  drainingSchema,
] as const;

export const downSchema = z.discriminatedUnion('type', downSchemas);
export type Down = z.infer<typeof downSchema>;
