// A message in words, for people: its text, and in quiet words what it answers and what happened to it.
import type { Message } from '@parley/client';
import type { EntryText } from './entry-text.ts';
import type { NameOf } from './entry-users.ts';
import { sanitizeLine, sanitizeLines } from './sanitize.ts';

const PREVIEW_COLUMNS = 120;
const REACTIONS_SHOWN_MAX_COUNT = 10;

/** A message as it is now, or its entry alone. */
export type Said = Pick<Message, 'sender' | 'content'> &
  Partial<Pick<Message, 'deleted' | 'edits' | 'pinned' | 'reactions' | 'replies'>> & {
    readonly [Name in 'reply_to' | 'forwarded']?: Message[Name] | undefined;
  };

/** `quote` is the message that it answers, in words that are harmless already. */
export function saidText(said: Said, nameOf: NameOf, quote?: string): EntryText {
  const sender = sanitizeLine(nameOf(said.sender));
  const { content, reply_to, forwarded } = said;
  const answers = quote ?? (reply_to === undefined ? undefined : `message ${reply_to}`);
  const above = [
    ...(answers === undefined ? [] : [`↪ ${answers}`]),
    ...(forwarded === undefined ? [] : [`forwarded from ${sanitizeLine(nameOf(forwarded.sender))}`]),
  ];
  if (said.deleted === true || content.kind === 'deleted') {
    return { kind: 'said', sender, lines: [''], after: quietWords(said, '(deleted)') };
  }
  if (content.kind !== 'text' || content.text === undefined)
    return { kind: 'event', line: unsupported(sender, content.kind) };
  const lines = [...sanitizeLines(content.text), ...attachmentLines(content['attachments'])];
  const after = quietWords(said, said.edits?.length ? '(edited)' : '');
  return {
    kind: 'said',
    sender,
    lines,
    ...(above.length === 0 ? {} : { above }),
    ...(after === '' ? {} : { after }),
  };
}

/** One line of a text, cut where it is long. */
export function preview(text: string, columns = PREVIEW_COLUMNS): string {
  return Bun.sliceAnsi(sanitizeLine(text), 0, columns, { ellipsis: '…' });
}

export function unsupported(sender: string, kind: string): string {
  return `${sender} sent something that this version cannot show (${sanitizeLine(kind)})`;
}

function quietWords({ pinned, reactions = [], replies = 0 }: Said, first: string): string {
  const shown = reactions.slice(0, REACTIONS_SHOWN_MAX_COUNT);
  const more = reactions.length - shown.length;
  const words = [
    first,
    pinned === true ? '(pinned)' : '',
    ...shown.map(({ emoji, users }) => `${sanitizeLine(emoji)} ${users.length}`),
    more === 0 ? '' : `and ${more} more`,
    replies === 0 ? '' : `(${replies} in its thread)`,
  ];
  return words.filter(Boolean).join('  ');
}

/** Attachments are metadata: their names are shown. */
function attachmentLines(attachments: unknown): string[] {
  if (!Array.isArray(attachments)) return [];
  return attachments.map((attachment: unknown) => {
    const { name, media_type } = { name: '', media_type: '', ...Object(attachment) } as Record<
      string,
      unknown
    >;
    return sanitizeLine(`[${String(name)}, ${String(media_type)}]`);
  });
}
