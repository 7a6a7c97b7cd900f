// Lays the line being typed out in rows, and says in which of them the cursor stands.
import { sanitizeLine } from '../sanitize.ts';
import { LINE_BREAK } from './line-editor.ts';

const PROMPT = '› ';
const PROMPT_WIDTH = 2;

export interface InputLayout {
  readonly rows: readonly string[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** `columns` is the terminal's width; of a text of more than `rowsMax` rows those around the cursor are shown. */
export function layOutInput(options: {
  line: string;
  cursor: number;
  columns: number;
  rowsMax: number;
}): InputLayout {
  const { line, cursor, columns, rowsMax } = options;
  const width = Math.max(PROMPT_WIDTH + 2, columns - 1);
  const rows: string[] = [];
  let row = PROMPT;
  let column = PROMPT_WIDTH;
  let at = { row: 0, column };
  const nextRow = (): void => {
    rows.push(row);
    row = ' '.repeat(PROMPT_WIDTH);
    column = PROMPT_WIDTH;
  };
  for (const { segment, index } of graphemes.segment(line)) {
    const shown = segment === LINE_BREAK ? '' : sanitizeLine(segment);
    const cells = Bun.stringWidth(shown);
    if (column + cells > width) nextRow();
    if (index <= cursor) at = { row: rows.length, column };
    row += shown;
    column += cells;
    if (segment === LINE_BREAK) nextRow();
  }
  if (cursor >= line.length) {
    if (column >= width) nextRow();
    at = { row: rows.length, column };
  }
  rows.push(row);
  const first = Math.min(Math.max(0, at.row - rowsMax + 1), Math.max(0, rows.length - rowsMax));
  return { rows: rows.slice(first, first + rowsMax), cursorRow: at.row - first, cursorColumn: at.column };
}
