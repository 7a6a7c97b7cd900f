// Typing: keys edit, a paste is one message, nothing from outside becomes a key.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { TEXT_MAX_UNITS } from '@parley/protocol/limits';
import { LINE_BREAK, LineEditor } from './line-editor.ts';

let told: string[];
let editor: LineEditor;

beforeEach(() => {
  told = [];
  editor = new LineEditor({
    changed: () => {},
    submitted: (text) => told.push(`line ${text}`),
    interrupted: () => told.push('interrupted'),
    ended: () => told.push('ended'),
    redraw: () => told.push('redraw'),
    cut: () => told.push('cut'),
  });
});
afterEach(() => editor[Symbol.dispose]());

/** readline reads its input in the next turn. */
async function type(...keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    editor.push(Buffer.from(key));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('LineEditor', () => {
  test('keys edit the line, Enter hands it over', async () => {
    await type('helo', '\u001b[D', 'l', '\u0005', '!');
    expect([editor.line, editor.cursor]).toEqual(['hello!', 6]);
    await type('\r');
    expect([editor.line, told]).toEqual(['', ['line hello!']]);
    await type('\u001b[A');
    expect(editor.line).toBe('hello!');
  });

  test('a paste of several lines is one message with line breaks', async () => {
    await type('see: ', '\u001b[200~one\r\n\ttwo\rthree\n\u001b[201~', '\r');
    expect(told).toEqual(['line see: one\n  two\nthree']);
  });

  test('Alt-Enter begins a new line', async () => {
    await type('a', '\u001b\r', 'b', '\r');
    expect(told).toEqual(['line a\nb']);
  });

  test('control characters in a paste are no keys, and the private line break cannot be pasted', async () => {
    await type(`\u001b[200~a\u0003b\u001b[Dc${LINE_BREAK}d\u001b[201~`);
    expect([editor.line, told]).toEqual(['ab[Dcd', []]);
  });

  test('a paste that is longer than a message is cut, and that is told', async () => {
    await type('ab', `\u001b[200~${'x'.repeat(TEXT_MAX_UNITS)}\u001b[201~`);
    expect([editor.line.length, told]).toEqual([TEXT_MAX_UNITS, ['cut']]);
  });

  test('Ctrl-C, Ctrl-L and Ctrl-D are told; Tab and Ctrl-Z do nothing', async () => {
    await type('\t\u001a', '\u0003', '\u000c', '\u0004');
    expect([editor.line, told]).toEqual(['', ['interrupted', 'redraw', 'ended']]);
  });

  test('clear empties the line wherever the cursor is', async () => {
    await type('abc', '\u001b[D');
    editor.clear();
    expect(editor.line).toBe('');
  });
});
