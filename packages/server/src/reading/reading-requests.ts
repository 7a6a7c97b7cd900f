// The requests about how far people have got.
import type { Handlers } from '../request/request.ts';
import type { ReadMarks } from './read-marks.ts';
import type { ReceiptViews } from './receipt-views.ts';

export function readingRequests({
  marks,
  views,
}: {
  marks: ReadMarks;
  views: ReceiptViews;
}): Handlers<'read' | 'mark_unread' | 'get_unread' | 'get_receipts' | 'get_watermarks'> {
  return {
    read: (session, frame) => marks.read(session, frame),
    mark_unread: (session, frame) => marks.markUnread(session, frame),
    get_unread: (session, frame) => marks.unread(session, frame),
    get_receipts: ({ user }, frame) => views.receipts(user, frame),
    get_watermarks: ({ user }, frame) => views.watermarks(user, frame),
  };
}
