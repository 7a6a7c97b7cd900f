// The requests about reports.
import type { ReportView } from '@parley/protocol/report';
import type { ReportRecord } from '@parley/ports/report-store';
import { done, type Handlers } from '../request/request.ts';
import type { ReportService } from './report-service.ts';

export function reportRequests(parts: {
  reports: ReportService;
}): Handlers<'report' | 'list_reports' | 'close_report'> {
  const { reports } = parts;
  return {
    report: async ({ user }, frame) => {
      const outcome = await reports.report(user, frame);
      return 'fault' in outcome ? outcome : { type: 'reported', ref: frame.ref, report_id: outcome.id };
    },
    list_reports: async ({ user }, frame) => {
      const page = await reports.page(user, frame);
      if ('fault' in page) return page;
      const { rows, next } = page;
      const more = next === undefined ? {} : { next };
      return { type: 'reports', ref: frame.ref, rows: rows.map(viewOf), ...more };
    },
    close_report: async ({ user }, frame) => (await reports.close(user, frame)) ?? done(frame.ref),
  };
}

function viewOf({ id, reporter, at, reason, note, entries, closed }: ReportRecord): ReportView {
  return {
    report_id: id,
    reporter,
    at,
    reason,
    ...(note === undefined ? {} : { note }),
    entries: JSON.parse(entries) as ReportView['entries'],
    ...(closed === undefined ? {} : { closed }),
  };
}
