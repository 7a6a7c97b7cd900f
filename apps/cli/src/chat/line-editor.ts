// The line being typed. Node's readline does the editing (keys, history, words) and never writes to the terminal:
// its output goes nowhere, and the screen draws the line, so that nothing that arrives can disturb it.
import { createInterface, type Interface } from 'node:readline';
import { PassThrough, Writable } from 'node:stream';
import { TEXT_MAX_UNITS } from '@parley/protocol/limits';
import { KeyStream } from './key-stream.ts';

const HISTORY_MAX_COUNT = 200;
/** Stands for a line break inside the line; a private character that is not let in from outside. */
export const LINE_BREAK = '\ue000';
const NEW_LINE_KEYS = ['\u001b\r', '\u001b\n'];
// oxlint-disable-next-line no-control-regex -- keys are control characters
const SPECIAL_KEYS = /(\u001b[\r\n]|[\t\u000c\u001a\ue000])/;
const REDRAW_KEY = '\u000c';
/** Tab and Ctrl-Z: readline would insert a tab, or stop the process with the terminal in raw mode. */
const IGNORED_KEYS = new Set(['\t', '\u001a']);

export interface LineEditorEvents {
  /** The line or the cursor may have changed. */
  readonly changed: () => void;
  readonly submitted: (text: string) => void;
  /** Ctrl-C. */
  readonly interrupted: () => void;
  /** Ctrl-D on an empty line. */
  readonly ended: () => void;
  readonly redraw: () => void;
  readonly cut: () => void;
}

export class LineEditor implements Disposable {
  readonly #events: LineEditorEvents;
  readonly #keys = new KeyStream();
  readonly #input = new PassThrough();
  readonly #readline: Interface;

  constructor(events: LineEditorEvents) {
    this.#events = events;
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    this.#readline = createInterface({
      input: this.#input,
      output: nowhere,
      terminal: true,
      prompt: '',
      historySize: HISTORY_MAX_COUNT,
      removeHistoryDuplicates: true,
    });
    this.#readline.on('line', (line) => events.submitted(line.replaceAll(LINE_BREAK, '\n')));
    this.#readline.on('SIGINT', () => events.interrupted());
    this.#readline.on('close', () => events.ended());
    this.#input.on('keypress', () => events.changed());
  }

  /** The line as it stands, with LINE_BREAK for line breaks. */
  get line(): string {
    return this.#readline.line;
  }

  /** Where the cursor is, in UTF-16 code units. */
  get cursor(): number {
    return this.#readline.cursor;
  }

  /** What came from the terminal. */
  push(chunk: Uint8Array): void {
    for (const input of this.#keys.push(chunk)) {
      if (input.kind === 'paste') this.#paste(input.text);
      else this.#type(input.keys);
    }
    this.#events.changed();
  }

  clear(): void {
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
  }

  /** Puts text at the cursor, as if it had been pasted. */
  insert(text: string): void {
    this.#paste(text);
  }

  [Symbol.dispose](): void {
    this.#readline.removeAllListeners('close');
    this.#readline.close();
  }

  #paste(text: string): void {
    const room = TEXT_MAX_UNITS - this.line.length;
    const clean = pasteable(text);
    if (clean.length > room) this.#events.cut();
    if (room > 0 && clean !== '') this.#readline.write(clean.slice(0, room));
  }

  #type(keys: string): void {
    for (const part of keys.split(SPECIAL_KEYS)) {
      if (part === '' || IGNORED_KEYS.has(part) || part === LINE_BREAK) continue;
      if (NEW_LINE_KEYS.includes(part)) this.#paste('\n\n');
      else if (part === REDRAW_KEY) this.#events.redraw();
      else this.#input.write(part);
    }
  }
}

/** Line breaks as LINE_BREAK, tabs as spaces, no control characters; the last line break goes. */
function pasteable(text: string): string {
  return (
    text
      .replaceAll(LINE_BREAK, '')
      .replace(/\r\n?/g, '\n')
      .replace(/\n$/, '')
      .replaceAll('\n', LINE_BREAK)
      .replaceAll('\t', '  ')
      // oxlint-disable-next-line no-control-regex -- they would be keys for readline
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, '')
  );
}
