// How one message or event looks: wrapped to the terminal's width, with a hanging indent, also where it is narrow.
import type { Colors } from '../colors.ts';
import type { EntryText } from '../entry-text.ts';

const NARROW_COLUMNS = 46;
const NAME_WIDTH_MAX = 14;
const TEXT_WIDTH_MIN = 8;
const RULE_WIDTH_MAX = 60;
const NUMBER_WIDTH = 4;

/** '✓' stored, '…' waiting for the server, '✗' refused; a message of others has none. */
export type Mark = '✓' | '…' | '✗' | ' ';

export interface MessageLook {
  readonly time: string;
  readonly mark: Mark;
  /** The message's number, where numbers are shown. */
  readonly number?: number;
  /** The sender's colour. */
  readonly paint: (text: string) => string;
  /** The longest name of the conversation, in columns. */
  readonly nameWidth: number;
  readonly columns: number;
  readonly colors: Colors;
}

export function messageLines(text: EntryText, look: MessageLook): string[] {
  if (text.kind === 'event') return eventLines(text.line, look);
  const { columns, colors, mark } = look;
  const narrow = columns < NARROW_COLUMNS;
  const name = Bun.sliceAnsi(text.sender, 0, NAME_WIDTH_MAX);
  const padded = narrow ? name : pad(name, Math.min(look.nameWidth, NAME_WIDTH_MAX));
  const marked = mark === ' ' && narrow ? '' : ` ${paintMark(mark, colors)}`;
  const time = narrow ? '' : `${colors.dim(look.time)}  `;
  const head = `${numberOf(look)}${time}${look.paint(colors.bold(padded))}${marked} `;
  const indent = narrow ? 2 : Bun.stringWidth(head);
  const above = (text.above ?? []).map((line) =>
    colors.dim(Bun.sliceAnsi(`${' '.repeat(indent)}${line}`, 0, Math.max(1, columns - 1), { ellipsis: '…' })),
  );
  return [...above, ...wrap({ head, indent, lines: withAfter(text, colors), columns })];
}

/** Wide enough that the numbers of a chat stand below one another. */
function numberOf({ number, colors }: MessageLook): string {
  return number === undefined ? '' : colors.dim(`${String(number).padStart(NUMBER_WIDTH)} `);
}

function withAfter(
  { lines, after }: Extract<EntryText, { kind: 'said' }>,
  colors: Colors,
): readonly string[] {
  if (after === undefined) return lines;
  const last = lines.at(-1) ?? '';
  return [...lines.slice(0, -1), `${last === '' ? '' : `${last}  `}${colors.dim(after)}`];
}

function eventLines(line: string, look: MessageLook): string[] {
  const { columns, colors, time } = look;
  const blank = look.number === undefined ? '' : ' '.repeat(NUMBER_WIDTH + 1);
  const head = columns < NARROW_COLUMNS ? '' : `${blank}${time}  `;
  return wrap({ head: `${head}· `, indent: head.length + 2, lines: [line], columns }).map(colors.dim);
}

/** ── Tuesday, 24 November 2026 ───────── */
export function dayLine(day: string, columns: number, colors: Colors): string {
  const width = Math.min(columns - 1, RULE_WIDTH_MAX);
  const label = `── ${day} `;
  return colors.dim(Bun.sliceAnsi(label.padEnd(width, '─'), 0, Math.max(1, width)));
}

function wrap(options: {
  head: string;
  indent: number;
  lines: readonly string[];
  columns: number;
}): string[] {
  const { head, indent, lines, columns } = options;
  const usable = Math.max(TEXT_WIDTH_MIN, columns - 1);
  const width = Math.max(TEXT_WIDTH_MIN, usable - indent);
  const first = Math.max(1, usable - Bun.stringWidth(head));
  const rows: string[] = [];
  for (const line of lines) {
    const offset = rows.length === 0 ? Math.max(0, width - first) : 0;
    // The first row may have less room (a long name on a narrow terminal): blanks stand for what the head takes.
    const wrapped = Bun.wrapAnsi(`${' '.repeat(offset)}${line}`, width, {
      hard: true,
      trim: false,
      wordWrap: true,
    });
    const [begin = '', ...rest] = wrapped.split('\n');
    rows.push(rows.length === 0 ? head + begin.slice(offset) : ' '.repeat(indent) + begin);
    // The blank at which a line was broken may have come along.
    rows.push(...rest.map((row) => ' '.repeat(indent) + row.trimStart()));
  }
  return rows.map((row) => row.trimEnd());
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - Bun.stringWidth(text)));
}

function paintMark(mark: Mark, colors: Colors): string {
  switch (mark) {
    case '✓':
      return colors.green(mark);
    case '✗':
      return colors.red(mark);
    case '…':
    case ' ':
      return colors.dim(mark);
  }
}
