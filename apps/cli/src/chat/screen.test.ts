// The screen, against a small terminal of our own: what stands above stays, what is live is drawn over.
import { describe, expect, test } from 'bun:test';
import { Screen, type LiveRegion, type ScreenSize } from './screen.ts';

/** Understands what Screen writes: text, CR, LF, cursor up and right, erase below, home and clear. */
class SmallTerminal {
  readonly lines: string[] = [''];
  #row = 0;
  #column = 0;

  write(text: string): Promise<void> {
    // oxlint-disable-next-line no-control-regex -- escape sequences are what a terminal reads
    for (const [token] of text.matchAll(/\u001b\[(\d*)([A-Za-z])|[^]/gu)) this.#obey(token);
    return Promise.resolve();
  }

  get cursor(): [number, number] {
    return [this.#row, this.#column];
  }

  #obey(token: string): void {
    const count = Number.parseInt(token.slice(2), 10) || 1;
    if (token === '\r') this.#column = 0;
    else if (token === '\n') this.#row++;
    else if (token.endsWith('A') && token.length > 1) this.#row = Math.max(0, this.#row - count);
    else if (token.endsWith('C') && token.length > 1) this.#column += count;
    else if (token === '\u001b[J') this.#eraseBelow();
    else if (token === '\u001b[H') [this.#row, this.#column] = [0, 0];
    else if (token === '\u001b[2J') this.lines.splice(0, Infinity, '');
    else this.#put(token);
    while (this.lines.length <= this.#row) this.lines.push('');
  }

  #put(char: string): void {
    const line = (this.lines[this.#row] ?? '').padEnd(this.#column);
    this.lines[this.#row] = line.slice(0, this.#column) + char + line.slice(this.#column + 1);
    this.#column++;
  }

  #eraseBelow(): void {
    this.lines[this.#row] = (this.lines[this.#row] ?? '').slice(0, this.#column);
    this.lines.splice(this.#row + 1);
  }
}

function setUp(live: () => LiveRegion): {
  screen: Screen;
  terminal: SmallTerminal;
  size: { columns: number; rows: number };
} {
  const terminal = new SmallTerminal();
  const size = { columns: 20, rows: 10 };
  const failed = (error: unknown): void => {
    throw error;
  };
  return {
    terminal,
    size,
    screen: new Screen({ output: terminal, size: (): ScreenSize => size, live, failed }),
  };
}

const input = (line: string): LiveRegion => ({
  rows: [`> ${line}`],
  cursorRow: 0,
  cursorColumn: 2 + line.length,
});

describe('Screen', () => {
  test('lines go above the line being typed, which stays as it is', async () => {
    const { screen, terminal } = setUp(() => input('typing'));
    await screen.commit(() => ['one']);
    await screen.commit(() => ['two', 'three']);
    expect(terminal.lines).toEqual(['one', 'two', 'three', '> typing']);
    expect(terminal.cursor).toEqual([3, 8]);
  });

  test('live rows that become fewer leave nothing behind', async () => {
    let rows: string[] = ['waiting 1', 'waiting 2', '> '];
    const { screen, terminal } = setUp(() => ({ rows, cursorRow: rows.length - 1, cursorColumn: 2 }));
    await screen.commit(() => ['one']);
    expect(terminal.lines).toEqual(['one', 'waiting 1', 'waiting 2', '> ']);
    rows = ['> '];
    await screen.commit(() => ['two']);
    expect(terminal.lines).toEqual(['one', 'two', '> ']);
  });

  test('the cursor may stand above the last live row', async () => {
    const { screen, terminal } = setUp(() => ({
      rows: ['> first', '  second'],
      cursorRow: 0,
      cursorColumn: 4,
    }));
    await screen.commit(() => ['one']);
    await screen.commit(() => ['two']);
    expect(terminal.lines).toEqual(['one', 'two', '> first', '  second']);
    expect(terminal.cursor).toEqual([2, 4]);
  });

  test('commits of one turn come in their order, in one drawing', async () => {
    const { screen, terminal } = setUp(() => input(''));
    await Promise.all(['a', 'b', 'c'].map((line) => screen.commit(() => [line])));
    expect(terminal.lines).toEqual(['a', 'b', 'c', '> ']);
  });

  test('close leaves the finished lines and an empty one', async () => {
    const { screen, terminal } = setUp(() => input('half a'));
    await screen.commit(() => ['one']);
    await screen.close();
    expect(terminal.lines).toEqual(['one', '']);
    expect(terminal.cursor).toEqual([1, 0]);
  });

  test('in a narrower terminal the rows that were drawn wide are counted as what they take', async () => {
    const { screen, terminal, size } = setUp(() => ({
      rows: ['x'.repeat(18), '> '],
      cursorRow: 1,
      cursorColumn: 2,
    }));
    await screen.commit(() => ['one']);
    // The terminal has broken the row of 18 into two of at most 10, and moved the cursor down with it.
    size.columns = 10;
    terminal.lines.splice(1, 1, 'x'.repeat(10), 'x'.repeat(8));
    await terminal.write('\n');
    await screen.commit(() => ['two']);
    expect(terminal.lines.slice(0, 2)).toEqual(['one', 'two']);
  });
});
