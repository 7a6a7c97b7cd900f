// The terminal of a chat: finished lines scroll away above, and a few live rows below (what is waiting, the line being
// typed) are drawn anew. No alternate screen, so that the terminal's own scrolling, search and copying work.
import type { Output } from '../output.ts';

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** The rows at the bottom, each at most the terminal's width, and where the cursor stands in them. */
export interface LiveRegion {
  readonly rows: readonly string[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

export interface ScreenOptions {
  readonly output: Pick<Output, 'write'>;
  readonly size: () => ScreenSize;
  readonly live: (size: ScreenSize) => LiveRegion;
  readonly failed: (error: unknown) => void;
}

interface Committed {
  readonly lines: (size: ScreenSize) => readonly string[];
  readonly written: () => void;
}

const EMPTY: LiveRegion = { rows: [''], cursorRow: 0, cursorColumn: 0 };
const ERASE_BELOW = '\u001b[J';
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

export class Screen {
  readonly #options: ScreenOptions;
  #shown: LiveRegion = EMPTY;
  #committed: Committed[] = [];
  #state: 'idle' | 'drawing' | 'dirty' | 'closed' = 'idle';
  #cleared = false;

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  /** Adds lines for good. Resolves when the terminal has them. */
  commit(lines: (size: ScreenSize) => readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      this.#committed.push({ lines, written: resolve });
      this.redraw();
    });
  }

  /** Draws the live rows again; several calls during one drawing make one. */
  redraw(): void {
    if (this.#state === 'drawing') this.#state = 'dirty';
    if (this.#state !== 'idle') return;
    this.#state = 'drawing';
    this.#draw().catch(this.#options.failed);
  }

  /** Wipes the visible screen, as Ctrl-L does. */
  clear(): void {
    this.#cleared = true;
    this.redraw();
  }

  /** Removes the live rows and leaves the cursor at the beginning of an empty line. */
  async close(): Promise<void> {
    this.#state = 'closed';
    await this.#options.output.write(this.#erase(this.#options.size().columns));
  }

  async #draw(): Promise<void> {
    // Let everything that happens in this turn into one drawing.
    await Promise.resolve();
    do {
      if (this.#state === 'closed') return;
      this.#state = 'drawing';
      await this.#drawOnce();
    } while (this.#isDirty());
    if (!this.#isClosed()) this.#state = 'idle';
  }

  async #drawOnce(): Promise<void> {
    const size = this.#options.size();
    const committed = this.#committed;
    this.#committed = [];
    const lines = committed.flatMap((entry) => entry.lines(size));
    const begin = this.#cleared ? CLEAR_SCREEN : this.#erase(size.columns);
    this.#cleared = false;
    this.#shown = this.#options.live(size);
    const { rows, cursorRow, cursorColumn } = this.#shown;
    const finished = lines.map((line) => `${line}\r\n`).join('');
    await this.#options.output.write(
      `${begin}${finished}${rows.join('\r\n')}${up(rows.length - 1 - cursorRow)}\r${right(cursorColumn)}`,
    );
    for (const { written } of committed) written();
  }

  /** Rows that were drawn for a wider terminal take more rows in a narrower one. */
  #erase(columns: number): string {
    const { rows, cursorRow, cursorColumn } = this.#shown;
    const above = rows
      .slice(0, cursorRow)
      .reduce((sum, row) => sum + rowsTaken(Bun.stringWidth(row), columns), 0);
    return `${up(above + Math.floor(cursorColumn / Math.max(1, columns)))}\r${ERASE_BELOW}`;
  }

  #isDirty(): boolean {
    return this.#state === 'dirty';
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }
}

function rowsTaken(width: number, columns: number): number {
  return Math.max(1, Math.ceil(width / Math.max(1, columns)));
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${rows}A` : '';
}

function right(columns: number): string {
  return columns > 0 ? `\u001b[${columns}C` : '';
}
