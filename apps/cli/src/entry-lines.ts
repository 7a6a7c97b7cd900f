// What was said or happened as plain lines, for `history` and `tail`: when, where, who, what. Further lines are indented.
import type { Colors } from './colors.ts';
import { userPaint } from './colors.ts';
import { entryText, type EntryText } from './entry-text.ts';
import type { AnyEntry, NameOf } from './entry-users.ts';
import { moment } from './moment.ts';

const INDENT = '    ';

/** `place` stands after the time: the seq in `history`, the conversation in `tail`. It is harmless already. */
export function entryLines(options: {
  entry: AnyEntry;
  nameOf: NameOf;
  place: string;
  colors: Colors;
}): string {
  const { entry, nameOf, place, colors } = options;
  return textLines({ text: entryText(entry, nameOf), at: entry.at, sender: entry.sender, place, colors });
}

export function textLines(options: {
  text: EntryText;
  at: number;
  sender: string;
  place: string;
  colors: Colors;
}): string {
  const { text, at, place, colors } = options;
  const { date, time } = moment(at);
  const head = `${colors.dim(`${date} ${time}`)}  ${place}  `;
  if (text.kind === 'event') return `${head}${colors.dim(`* ${text.line}`)}\n`;
  const sender = userPaint(options.sender, colors)(text.sender);
  const above = (text.above ?? []).map((line) => INDENT + colors.dim(line));
  const lines = text.lines.map((line, at) => (at === 0 ? `${head}${sender}: ${line}` : INDENT + line));
  const gap = text.lines.at(-1) === '' ? '' : '  ';
  if (text.after !== undefined) lines.push(`${lines.pop() ?? ''}${gap}${colors.dim(text.after)}`);
  return [...above, ...lines, ''].join('\n');
}
