// Keys and pastes, whatever the borders of the chunks.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { KeyStream, PASTE_MAX_CHARS, type TerminalInput } from './key-stream.ts';

/** Neighbouring keys joined, so that only what matters is compared. */
function feed(...chunks: readonly (string | Uint8Array)[]): TerminalInput[] {
  const stream = new KeyStream();
  const inputs: TerminalInput[] = [];
  for (const input of chunks.flatMap((chunk) => stream.push(Buffer.from(chunk as string)))) {
    const last = inputs.at(-1);
    if (last?.kind === 'keys' && input.kind === 'keys')
      inputs.splice(-1, 1, { kind: 'keys', keys: last.keys + input.keys });
    else inputs.push(input);
  }
  return inputs;
}

describe('KeyStream', () => {
  test('a paste between two keys', () => {
    expect(feed('a\u001b[200~one\ntwo\u001b[201~b')).toEqual([
      { kind: 'keys', keys: 'a' },
      { kind: 'paste', text: 'one\ntwo' },
      { kind: 'keys', keys: 'b' },
    ]);
  });

  test('cut anywhere, also within a marker or a character, it reads the same', () => {
    const bytes = Buffer.from('é\u001b[D\u001b[200~漢\r\n\u001b字\u001b[201~x\u001b[200~\u001b[201~');
    const whole = feed(bytes);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
        // Not right after an ESC, which alone is the Escape key.
        const within = cuts.filter((cut) => bytes[cut - 1] !== 0x1b).toSorted((a, b) => a - b);
        const at = [0, ...within, bytes.length];
        expect(feed(...at.slice(1).map((end, index) => bytes.subarray(at[index], end)))).toEqual(whole);
      }),
    );
  });

  test('the Escape key is not held back', () => {
    expect(new KeyStream().push(Buffer.from('\u001b'))).toEqual([{ kind: 'keys', keys: '\u001b' }]);
  });

  test('a paste without an end holds a bounded amount', () => {
    const [paste] = feed('\u001b[200~', 'x'.repeat(PASTE_MAX_CHARS), 'y'.repeat(1000), '\u001b[201~');
    expect(paste).toEqual({ kind: 'paste', text: 'x'.repeat(PASTE_MAX_CHARS) });
  });
});
