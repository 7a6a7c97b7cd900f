// Reports: a copy of the messages as they are at that moment, for the group's owner and admins, or the operator.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import { PAGE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { CloseReport, ListReports, Report } from '@parley/protocol/report';
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { Log } from '@parley/ports/log';
import type { MemberStore } from '@parley/ports/member-store';
import type { StoredEntry } from '@parley/ports/message-store';
import type { ReportRecord, ReportStore } from '@parley/ports/report-store';
import { mayIn } from '../group/permissions.ts';
import { RateLimit } from '../group/rate-limit.ts';
import { encodeEntries } from '../message/entry-encoding.ts';
import type { MessageReader } from '../message/message-reader.ts';
import { ID_REUSED, NOT_MEMBER } from '../message/submission.ts';
import { NO_CONVERSATION } from '../request/request.ts';
import {
  REPORT_REFILL_MS,
  REPORTS_ANSWER_MAX_BYTES,
  REPORTS_AT_ONCE_MAX_COUNT,
  REPORTS_READ_AT_ONCE_COUNT,
} from './limits.ts';

type Refused = { readonly fault: Fault };

export interface ReportPage {
  /** Newest first. */
  readonly rows: readonly ReportRecord[];
  readonly next: string | undefined;
}

export interface ReportServiceParts {
  readonly reports: ReportStore;
  readonly members: MemberStore;
  readonly reader: MessageReader;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly log: Log;
}

export class ReportService {
  readonly #parts: ReportServiceParts;
  readonly #rate: RateLimit;

  constructor(parts: ReportServiceParts) {
    this.#parts = parts;
    const bounds = { atOnceMaxCount: REPORTS_AT_ONCE_MAX_COUNT, refillMs: REPORT_REFILL_MS };
    this.#rate = new RateLimit(parts.clock, bounds);
  }

  async report(reporter: UserId, frame: Report): Promise<{ readonly id: string } | Refused> {
    const { reports, ids, clock, log } = this.#parts;
    const { client_msg_id: clientMsgId, conversation_id: conversation, reason, note } = frame;
    const found = await reports.find(reporter, clientMsgId);
    if (found !== undefined) return same(found, frame) ? found : { fault: ID_REUSED };
    const retry_after_ms = this.#rate.take(reporter, 1);
    if (retry_after_ms !== undefined) {
      return { fault: fault('rate_limited', 'You report too much at once.', { retry_after_ms }) };
    }
    const copied = await this.#copy(reporter, frame);
    if (typeof copied !== 'string') return copied;
    const at = clock.now();
    const common = { reporter, clientMsgId, conversation, at, reason, note, entries: copied };
    const report: ReportRecord = { id: ids.next(), ...common, closed: undefined };
    const stored = await reports.add(report);
    if (stored.id === report.id) {
      log.info(
        { event: 'reported', report: stored.id, conversation, reporter, reason },
        'messages were reported',
      );
    } else if (!same(stored, frame)) return { fault: ID_REUSED };
    return stored;
  }

  /** One group's, for those who may see them. */
  async page(user: UserId, { conversation_id, after, limit }: ListReports): Promise<ReportPage | Refused> {
    const refused = await this.#refusal(user, conversation_id);
    if (refused !== undefined) return refused;
    const most = limit ?? PAGE_ROWS_MAX_COUNT;
    const rows: ReportRecord[] = [];
    let bytes = 0;
    while (rows.length < most && bytes <= REPORTS_ANSWER_MAX_BYTES) {
      const count = Math.min(REPORTS_READ_AT_ONCE_COUNT, most - rows.length);
      const read = await this.#parts.reports.reports(conversation_id, rows.at(-1)?.id ?? after, count);
      rows.push(...read);
      bytes += read.reduce((sum, row) => sum + row.entries.length, 0);
      if (read.length < count) return { rows, next: undefined };
    }
    return { rows, next: rows.at(-1)?.id };
  }

  /** Undefined when it is closed, by this call or an earlier one. */
  async close(user: UserId, { conversation_id, report_id }: CloseReport): Promise<Refused | undefined> {
    const refused = await this.#refusal(user, conversation_id);
    if (refused !== undefined) return refused;
    const { reports, clock, log } = this.#parts;
    if (!(await reports.close(conversation_id, report_id, { by: user, at: clock.now() }))) {
      return { fault: fault('not_found', 'There is no such report here.', { field: 'report_id' }) };
    }
    log.info(
      { event: 'report_closed', report: report_id, conversation: conversation_id, by: user },
      'settled',
    );
    return undefined;
  }

  /** The entries as on the wire, in their order; of a message that was edited its last edit too. */
  async #copy(reporter: UserId, { conversation_id, seqs }: Report): Promise<string | Refused> {
    const { members, reader } = this.#parts;
    if ((await members.membership(conversation_id, reporter)) === undefined) return NO_CONVERSATION;
    const copies: StoredEntry[] = [];
    for (const seq of unique(seqs)) {
      const said = await reader.said(reporter, conversation_id, seq);
      if (said === undefined) {
        const field = `seqs.${seqs.indexOf(seq)}`;
        return { fault: fault('not_found', 'There is no such message for you.', { field }) };
      }
      copies.push(...said);
    }
    return encodeEntries(copies);
  }

  async #refusal(user: UserId, conversation: ConversationId): Promise<Refused | undefined> {
    const found = await this.#parts.members.membership(conversation, user);
    if (found === undefined) return NO_CONVERSATION;
    const { role, leftSeq } = found.membership;
    if (leftSeq !== undefined) return { fault: NOT_MEMBER };
    const { kind } = found.conversation;
    if (mayIn(kind, role, 'see_reports')) return undefined;
    return kind === 'direct'
      ? { fault: fault('not_a_group', 'Reports of direct conversations are for the operator to read.') }
      : { fault: fault('forbidden', 'Reports are for the owner and admins.') };
  }
}

function unique(seqs: readonly Seq[]): Seq[] {
  return [...new Set(seqs)].toSorted((one, other) => one - other);
}

/** Whether a report found under the same id is what is asked for: the same messages for the same reason. */
function same(found: ReportRecord, frame: Report): boolean {
  const entries = JSON.parse(found.entries) as readonly { readonly kind: string; readonly seq: Seq }[];
  const seqs = entries.flatMap((entry) => (entry.kind === 'message' ? [entry.seq] : []));
  return (
    found.conversation === frame.conversation_id &&
    found.reason === frame.reason &&
    found.note === frame.note &&
    seqs.join() === unique(frame.seqs).join()
  );
}
