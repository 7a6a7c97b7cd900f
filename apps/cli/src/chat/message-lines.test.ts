// How messages look: hanging indent, narrow terminals, wide characters.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createColors } from '../colors.ts';
import { sanitizeLines } from '../sanitize.ts';
import { dayLine, messageLines, type MessageLook } from './message-lines.ts';

const colors = createColors({ isTerminal: false, noColor: false, term: 'xterm' });
const look: MessageLook = { time: '14:03', mark: ' ', paint: String, nameWidth: 5, columns: 60, colors };

function said(text: string, more: Partial<MessageLook> = {}): string[] {
  return messageLines({ kind: 'said', sender: 'ada', lines: sanitizeLines(text) }, { ...look, ...more });
}

describe('messageLines', () => {
  test('time, name, mark and text in columns', () => {
    expect(said('Hello')).toEqual(['14:03  ada     Hello']);
    expect(said('Hello', { mark: '✓' })).toEqual(['14:03  ada   ✓ Hello']);
  });

  test('what does not fit goes on below the text, by words', () => {
    expect(said('one two three four five six seven', { columns: 50, nameWidth: 3, mark: '…' })).toEqual([
      '14:03  ada … one two three four five six seven',
    ]);
    expect(said('one two three four five six seven eight', { columns: 48, nameWidth: 3 })).toEqual([
      '14:03  ada   one two three four five six seven',
      '             eight',
    ]);
    expect(said('a\nb')).toEqual(['14:03  ada     a', '               b']);
  });

  test('a narrow terminal leaves out the time and indents by two', () => {
    expect(said('one two three', { columns: 14 })).toEqual(['ada one two', '  three']);
    expect(said('漢字漢字漢字', { columns: 12 })).toEqual(['ada 漢字漢', '  字漢字']);
  });

  test('the blank at a break does not move the next line in', () => {
    expect(messageLines({ kind: 'event', line: '12345678901234567 x' }, { ...look, columns: 20 })[1]).toBe(
      '  x',
    );
  });

  test('an event is one dim line with a dot', () => {
    expect(messageLines({ kind: 'event', line: 'bob left' }, look)).toEqual(['14:03  · bob left']);
    expect(messageLines({ kind: 'event', line: 'bob left' }, { ...look, columns: 20 })).toEqual([
      '· bob left',
    ]);
  });

  test('a number before it, what it answers above it, and what happened to it after it, also where it is narrow', () => {
    const answer = {
      kind: 'said',
      sender: 'ada',
      lines: ['Yes'],
      above: ['↪ bob: Are you there?'],
      after: '(edited)  👍 2',
    } as const;
    expect(messageLines(answer, { ...look, number: 12 })).toEqual([
      '                    ↪ bob: Are you there?',
      '  12 14:03  ada     Yes  (edited)  👍 2',
    ]);
    expect(messageLines(answer, { ...look, columns: 20 })).toEqual([
      '  ↪ bob: Are you t…',
      'ada Yes  (edited)',
      '  👍 2',
    ]);
    const gone = { kind: 'said', sender: 'ada', lines: [''], after: '(deleted)' } as const;
    expect(messageLines(gone, look)).toEqual(['14:03  ada     (deleted)']);
  });

  test('no line is wider than the terminal, and no letter of the text is lost', () => {
    const unit = fc.constantFrom('a', 'b', '漢', '👍🏽', ' ');
    fc.assert(
      fc.property(
        fc.string({ unit, minLength: 1, maxLength: 120 }),
        fc.integer({ min: 24, max: 90 }),
        (text, columns) => {
          const lines = said(text, { columns });
          for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThan(columns);
          const letters = (of: string): string => of.replaceAll(' ', '');
          expect(letters(lines.join(''))).toBe(letters(`${columns < 46 ? '' : '14:03'}ada${text}`));
        },
      ),
    );
  });
});

test('dayLine fits the terminal', () => {
  expect(dayLine('Tuesday, 24 November 2026', 40, colors)).toBe('── Tuesday, 24 November 2026 ──────────');
  expect(Bun.stringWidth(dayLine('Tuesday, 24 November 2026', 12, colors))).toBe(11);
});
