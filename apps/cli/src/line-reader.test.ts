// Lines of standard input, whatever the borders of the chunks.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { LINE_MAX_BYTES, readLines, type InputLine } from './line-reader.ts';

async function linesOf(chunks: readonly Uint8Array[]): Promise<InputLine[]> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  return Array.fromAsync(readLines(stream()));
}

describe('readLines', () => {
  test('numbers lines from 1, takes LF and CRLF, and a last line without an end', async () => {
    expect(await linesOf([Buffer.from('one\r\n\ntwo')])).toEqual([
      { kind: 'line', number: 1, text: 'one' },
      { kind: 'line', number: 2, text: '' },
      { kind: 'line', number: 3, text: 'two' },
    ]);
    expect(await linesOf([Buffer.from('one\n')])).toHaveLength(1);
    expect(await linesOf([])).toEqual([]);
  });

  test('the borders of chunks make no difference, also within a character', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('a', 'é', '漢', '👩', '\n') }),
        fc.nat(6),
        async (text, size) => {
          const bytes = Buffer.from(text);
          const chunks: Uint8Array[] = [];
          for (let at = 0; at < bytes.length; at += size + 1) chunks.push(bytes.subarray(at, at + size + 1));
          const expected = text.split('\n');
          if (expected.at(-1) === '') expected.pop();
          expect((await linesOf(chunks)).map((line) => (line.kind === 'line' ? line.text : '?'))).toEqual(
            expected,
          );
        },
      ),
    );
  });

  test('a stream may use the memory of its chunks again', async () => {
    async function* stream(): AsyncGenerator<Uint8Array> {
      const memory = Buffer.from('one');
      yield await Promise.resolve(memory);
      memory.set(Buffer.from('two'));
      yield memory;
    }
    const [line] = await Array.fromAsync(readLines(stream()));
    expect(line).toEqual({ kind: 'line', number: 1, text: 'onetwo' });
  });

  test('a line over the limit is given up by its number, and the next one comes', async () => {
    const long = Buffer.alloc(LINE_MAX_BYTES + 1, 'x');
    expect(await linesOf([long.subarray(0, 9), long.subarray(9), Buffer.from('\nnext\n')])).toEqual([
      { kind: 'too_long', number: 1 },
      { kind: 'line', number: 2, text: 'next' },
    ]);
  });
});
