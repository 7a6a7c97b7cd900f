// An entry as plain lines for `history` and `tail`: when, where, who, what. Further lines of a message are indented.
import type { Colors } from './colors.ts';
import { userPaint } from './colors.ts';
import { entryText } from './entry-text.ts';
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
  const { date, time } = moment(entry.at);
  const head = `${colors.dim(`${date} ${time}`)}  ${place}  `;
  const text = entryText(entry, nameOf);
  if (text.kind === 'event') return `${head}${colors.dim(`* ${text.line}`)}\n`;
  const [first = '', ...more] = text.lines;
  const sender = userPaint(entry.sender, colors)(text.sender);
  return [`${head}${sender}: ${first}`, ...more.map((line) => INDENT + line), ''].join('\n');
}
