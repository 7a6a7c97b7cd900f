// Planted rules and titles.
import { describe, expect, test } from 'bun:test';
import { protocolRules } from './rules.ts';
import { planted } from './tree.ts';

const document = '# P\n- **HI-1** says hello.\n\n**HI-2** is a paragraph that names **HI-9** in passing.\n';

/** Puts titles together, so that this file quotes no rule itself. */
function quote(...ids: string[]): string {
  return ids.map((id) => `test('[${id}] works', () => {});`).join('\n');
}

describe('protocolRules', () => {
  test('accepts rules that tests quote, and other prefixes', () => {
    const files = {
      'PROTOCOL.md': document,
      'a/x.test.ts': quote('INV 3] [HI-1', 'STORE-7'),
      'a/conformance/y.ts': quote('STORE-1, HI-2'),
    };
    expect(protocolRules(planted(files))).toEqual([]);
  });

  test.each([
    ['a rule that no test quotes', quote('HI-1'), 'PROTOCOL.md: no test quotes [HI-2]'],
    [
      'a quoted rule that does not exist',
      quote('HI-1', 'HI-2', 'HI-3'),
      'a/x.test.ts: [HI-3] is not a rule of PROTOCOL.md',
    ],
    [
      'a rule that only a skipped test quotes',
      `${quote('HI-1')}\n${quote('HI-2').replace('test(', 'test.skip(')}`,
      'PROTOCOL.md: no test quotes [HI-2]',
    ],
    [
      'a rule that stands in a comment only',
      `${quote('HI-1')} // proves [HI-2]`,
      'PROTOCOL.md: no test quotes [HI-2]',
    ],
  ])('finds %s', (_, text, finding) => {
    expect(protocolRules(planted({ 'PROTOCOL.md': document, 'a/x.test.ts': text }))).toEqual([finding]);
  });

  test('finds a rule that only product code quotes, and one defined twice', () => {
    const files = { 'PROTOCOL.md': '* **HI-1** a\n* **HI-1** b', 'a/x.ts': quote('HI-1') };
    expect(protocolRules(planted(files))).toHaveLength(3);
  });
});
