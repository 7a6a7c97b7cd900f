// Telling those in charge of a conversation about entries.
import * as z from 'zod/mini';
import { entrySchema } from './entry.ts';
import {
  clientMsgIdSchema,
  conversationIdSchema,
  refSchema,
  seqSchema,
  timeMsSchema,
  userIdSchema,
} from './ids.ts';
import { REPORT_ENTRIES_MAX_COUNT, REPORT_NOTE_MAX_UNITS } from './limits.ts';
import { pageLimitSchema } from './page.ts';
import { wellFormed } from './well-formed.ts';

export const reportReasonSchema = z.enum(['spam', 'abuse', 'illegal', 'other']);
export type ReportReason = z.infer<typeof reportReasonSchema>;

/** The server keeps a copy of what the entries say at this moment. */
export const reportSchema = z.strictObject({
  type: z.literal('report'),
  ref: refSchema,
  client_msg_id: clientMsgIdSchema,
  conversation_id: conversationIdSchema,
  seqs: z.array(seqSchema).check(z.minLength(1), z.maxLength(REPORT_ENTRIES_MAX_COUNT)),
  reason: reportReasonSchema,
  note: z.optional(z.string().check(z.minLength(1), z.maxLength(REPORT_NOTE_MAX_UNITS), wellFormed)),
});
export type Report = z.infer<typeof reportSchema>;

export const reportedSchema = z.object({
  type: z.literal('reported'),
  ref: refSchema,
  report_id: z.string(),
});
export type Reported = z.infer<typeof reportedSchema>;

/** Of one group, for its owner and admins; newest first. */
export const listReportsSchema = z.strictObject({
  type: z.literal('list_reports'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  after: z.optional(z.string().check(z.regex(/^[1-9][0-9]{0,18}$/))),
  limit: pageLimitSchema,
});
export type ListReports = z.infer<typeof listReportsSchema>;

export const reportViewSchema = z.object({
  report_id: z.string(),
  reporter: userIdSchema,
  at: timeMsSchema,
  reason: z.string(),
  note: z.optional(z.string()),
  entries: z.array(entrySchema),
  /** By whom and when it was settled. */
  closed: z.optional(z.object({ by: userIdSchema, at: timeMsSchema })),
});
export type ReportView = z.infer<typeof reportViewSchema>;

export const reportsSchema = z.object({
  type: z.literal('reports'),
  ref: refSchema,
  rows: z.array(reportViewSchema),
  next: z.optional(z.string()),
});
export type Reports = z.infer<typeof reportsSchema>;

/** Answered by `done`. */
export const closeReportSchema = z.strictObject({
  type: z.literal('close_report'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  report_id: z.string().check(z.regex(/^[1-9][0-9]{0,18}$/)),
});
export type CloseReport = z.infer<typeof closeReportSchema>;
