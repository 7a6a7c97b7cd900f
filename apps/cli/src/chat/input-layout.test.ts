// The typed line on the screen: wrapped by columns, with the cursor where the next character goes.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { layOutInput } from './input-layout.ts';
import { LINE_BREAK } from './line-editor.ts';

const layOut = (line: string, cursor: number, columns = 11, rowsMax = 5) =>
  layOutInput({ line, cursor, columns, rowsMax });

describe('layOutInput', () => {
  test('an empty line is the prompt', () => {
    expect(layOut('', 0)).toEqual({ rows: ['› '], cursorRow: 0, cursorColumn: 2 });
  });

  test('a full row moves on, and so does the cursor behind it', () => {
    expect(layOut('12345678', 8)).toEqual({ rows: ['› 12345678', '  '], cursorRow: 1, cursorColumn: 2 });
    expect(layOut('123456789', 8)).toEqual({ rows: ['› 12345678', '  9'], cursorRow: 1, cursorColumn: 2 });
    expect(layOut('123456789', 7)).toMatchObject({ cursorRow: 0, cursorColumn: 9 });
  });

  test('a wide character takes two columns and is not cut in half', () => {
    expect(layOut('1234567漢x', 8)).toEqual({ rows: ['› 1234567', '  漢x'], cursorRow: 1, cursorColumn: 4 });
  });

  test('line breaks begin rows', () => {
    expect(layOut(`a${LINE_BREAK}${LINE_BREAK}b`, 2)).toEqual({
      rows: ['› a', '  ', '  b'],
      cursorRow: 1,
      cursorColumn: 2,
    });
    expect(layOut(`a${LINE_BREAK}`, 2)).toEqual({ rows: ['› a', '  '], cursorRow: 1, cursorColumn: 2 });
  });

  test('of a long text the rows around the cursor are shown', () => {
    const text = Array.from({ length: 9 }, (_, index) => String(index)).join(LINE_BREAK);
    expect(layOut(text, text.length, 11, 2)).toEqual({ rows: ['  7', '  8'], cursorRow: 1, cursorColumn: 3 });
    expect(layOut(text, 0, 11, 2)).toEqual({ rows: ['› 0', '  1'], cursorRow: 0, cursorColumn: 2 });
  });

  test('no row is wider than the terminal, and the cursor is in a row', () => {
    const unit = fc.constantFrom('a', '漢', '👩‍👩‍👧', 'é', LINE_BREAK, '\u001b', ' ');
    fc.assert(
      fc.property(
        fc.string({ unit, maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 6, max: 40 }),
        (line, at, columns) => {
          const { rows, cursorRow, cursorColumn } = layOut(
            line,
            line === '' ? 0 : at % (line.length + 1),
            columns,
            4,
          );
          expect(rows.length).toBeLessThanOrEqual(4);
          for (const row of rows) expect(Bun.stringWidth(row)).toBeLessThan(columns);
          expect(cursorRow).toBeLessThan(rows.length);
          expect(cursorColumn).toBeLessThan(columns);
        },
      ),
    );
  });
});
