// Nothing that somebody writes may act on another's terminal.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sanitizeLine, sanitizeLines } from './sanitize.ts';

describe('sanitize', () => {
  test('an escape sequence is shown, not obeyed', () => {
    expect(sanitizeLine('\u001b[2Jhi\u001b]0;title\u0007')).toBe('␛[2Jhi␛]0;title␇');
    expect(sanitizeLine('a\u009b31mb\u007f')).toBe('a\ufffd31mb␡');
  });

  test('a carriage return cannot overwrite the line, and a line break stays visible', () => {
    expect(sanitizeLine('good\revil')).toBe('good␍evil');
    expect(sanitizeLine('one\r\ntwo\nthree\u2028four')).toBe('one⏎two⏎three⏎four');
    expect(sanitizeLines('one\r\n\ttwo')).toEqual(['one', '  two']);
  });

  test('bidirectional overrides go, letters that are written from right to left stay', () => {
    expect(sanitizeLine('\u202egnp.exe\u2066x\u2069')).toBe('gnp.exex');
    expect(sanitizeLine('שלום')).toBe('שלום');
  });

  test('emoji with joiners stay whole, lone surrogates and towers of marks do not', () => {
    expect(sanitizeLine('👩‍👩‍👧 👍🏽')).toBe('👩‍👩‍👧 👍🏽');
    expect(sanitizeLine('a\ud800b')).toBe('a\ufffdb');
    expect(sanitizeLine(`e${'\u0301'.repeat(40)}`)).toBe(`e${'\u0301'.repeat(6)}`);
  });

  test('no text whatever leaves a control or reordering character', () => {
    const bad = /[\p{Cc}\p{Surrogate}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(sanitizeLine(text)).not.toMatch(bad);
        for (const line of sanitizeLines(text)) expect(line).not.toMatch(bad);
      }),
    );
  });
});
