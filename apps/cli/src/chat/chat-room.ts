// What a chat shows: the log above, and below it what waits, the state of the connection and the line being typed.
import type { AppEntry, ClientState } from '@parley/client';
import type { Colors } from '../colors.ts';
import { userPaint } from '../colors.ts';
import type { EntryText } from '../entry-text.ts';
import { clockTime, moment } from '../moment.ts';
import { sanitizeLine, sanitizeLines } from '../sanitize.ts';
import { layOutInput } from './input-layout.ts';
import { dayLine, messageLines, type Mark } from './message-lines.ts';
import { OwnMessages } from './own-messages.ts';
import type { LiveRegion, Screen, ScreenSize } from './screen.ts';

/** Stands where a time would, for a message that has none yet. */
const NO_TIME = '     ';
const INPUT_ROWS_MAX_COUNT = 8;

export interface ChatRoomOptions {
  readonly self: { readonly user_id: string; readonly name: string };
  readonly colors: Colors;
  readonly editor: { readonly line: string; readonly cursor: number };
}

export class ChatRoom {
  readonly own = new OwnMessages();
  /** Whether messages are shown with their numbers. */
  numbers = false;
  /** Who is writing, in words; empty when nobody is. */
  writing = '';
  readonly #options: ChatRoomOptions;
  #screen: Screen | undefined;
  #nameWidth: number;
  #date = '';
  #shownSeq = 0;
  /** Undefined as long as nothing has changed since the chat began, which it does online. */
  #state: ClientState | undefined;

  constructor(options: ChatRoomOptions) {
    this.#options = options;
    this.#nameWidth = Bun.stringWidth(options.self.name);
  }

  /** The last seq of the log that is on the screen. */
  get shownSeq(): number {
    return this.#shownSeq;
  }

  use(screen: Screen): void {
    this.#screen = screen;
  }

  /** Everything up to `seq` is on the screen, as it is now. */
  shownUpTo(seq: number): void {
    this.#shownSeq = Math.max(this.#shownSeq, seq);
  }

  /** Shows an entry of this conversation, once. Resolves when the terminal has it. */
  async entry(entry: AppEntry, text: EntryText): Promise<void> {
    if (entry.seq <= this.#shownSeq) return;
    this.#shownSeq = entry.seq;
    const isOwn = entry.sender === this.#options.self.user_id;
    if (isOwn && entry.kind === 'message') this.own.shown({ seq: entry.seq, text: textOf(entry) });
    await this.show(entry, text);
  }

  /** Shows what was said or happened, whatever is on the screen already. */
  async show({ seq, at, sender }: Pick<AppEntry, 'seq' | 'at' | 'sender'>, text: EntryText): Promise<void> {
    const { date, day, time } = moment(at);
    const newDay = date === this.#date ? undefined : day;
    this.#date = date;
    const mark = sender === this.#options.self.user_id ? '✓' : ' ';
    const number = this.numbers ? seq : undefined;
    if (text.kind === 'said') this.#nameWidth = Math.max(this.#nameWidth, Bun.stringWidth(text.sender));
    await this.#screen?.commit(({ columns }) => [
      ...(newDay === undefined ? [] : [dayLine(newDay, columns, this.#options.colors)]),
      ...this.#lines(text, { mark, time, sender, columns, number }),
    ]);
  }

  /** Says something that is no entry: help, a notice, an error. Each line is made harmless. */
  async note(...lines: readonly string[]): Promise<void> {
    await this.#screen?.commit(({ columns }) =>
      lines.flatMap((line) =>
        this.#lines(
          { kind: 'event', line: sanitizeLine(line) },
          { mark: ' ', time: NO_TIME, sender: '', columns },
        ),
      ),
    );
  }

  /** A message of this user that will never be stored, and why. */
  async refused(text: string, reason: string): Promise<void> {
    await this.#screen?.commit(({ columns }) => this.#ownLines(text, '✗', columns));
    await this.note(`Not sent: ${reason}`);
  }

  connection(state: ClientState): void {
    this.#state = state;
    this.#screen?.redraw();
  }

  live({ columns, rows }: ScreenSize): LiveRegion {
    const above = [
      ...this.#waitingRows(columns, Math.max(1, Math.floor(rows / 3))),
      ...this.#statusRows(columns),
    ];
    const rowsMax = Math.max(1, Math.min(INPUT_ROWS_MAX_COUNT, rows - above.length - 1));
    const { line, cursor } = this.#options.editor;
    const input = layOutInput({ line, cursor, columns, rowsMax });
    return {
      rows: [...above, ...input.rows],
      cursorRow: above.length + input.cursorRow,
      cursorColumn: input.cursorColumn,
    };
  }

  #waitingRows(columns: number, rowsMax: number): string[] {
    const rows = this.own.all.flatMap(({ text, seq }) =>
      this.#ownLines(text, seq === undefined ? '…' : '✓', columns),
    );
    if (rows.length <= rowsMax) return rows;
    const hidden = rows.length - rowsMax + 1;
    return [
      this.#options.colors.dim(Bun.sliceAnsi(`… and ${hidden} lines more`, 0, columns - 1)),
      ...rows.slice(hidden),
    ];
  }

  #statusRows(columns: number): string[] {
    const state = this.#state;
    const width = Math.max(1, columns - 1);
    if (state === undefined || state.kind === 'online')
      return this.writing === '' ? [] : [this.#quietRow(sanitizeLine(this.writing), width)];
    const next =
      state.kind === 'waiting' ? `next try at ${clockTime(state.until)}, Enter tries now` : 'trying now';
    const words = `no connection, ${next}${this.own.unanswered.length > 0 ? '; what waits is sent then' : ''}`;
    return [this.#quietRow(words, width)];
  }

  #quietRow(words: string, width: number): string {
    return this.#options.colors.dim(Bun.sliceAnsi(words, 0, width));
  }

  #ownLines(text: string, mark: Mark, columns: number): string[] {
    const { user_id, name } = this.#options.self;
    const said: EntryText = { kind: 'said', sender: sanitizeLine(name), lines: sanitizeLines(text) };
    return this.#lines(said, { mark, time: NO_TIME, sender: user_id, columns });
  }

  #lines(text: EntryText, look: LineLook): string[] {
    const { colors } = this.#options;
    const { mark, time, sender, columns, number } = look;
    return messageLines(text, {
      time,
      mark,
      columns,
      colors,
      paint: userPaint(sender, colors),
      nameWidth: this.#nameWidth,
      ...(number === undefined ? {} : { number }),
    });
  }
}

type LineLook = { mark: Mark; time: string; sender: string; columns: number; number?: number | undefined };

function textOf(entry: AppEntry): string | undefined {
  if (!('content' in entry)) return undefined;
  const { content } = entry;
  if (typeof content !== 'object' || content === null || !('text' in content)) return undefined;
  return typeof content.text === 'string' ? content.text : undefined;
}
