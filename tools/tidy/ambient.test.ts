// Planted uses of ambient time, timers, chance and environment.
import { describe, expect, test } from 'bun:test';
import { ambient } from './ambient.ts';
import { planted } from './tree.ts';

const uses = [
  'const at = new Date();',
  'const text = Date();',
  "import { setTimeout } from 'node:timers/promises';",
  "import { performance } from 'node:perf_hooks';",
  "import { env } from 'node:process';",
  "import { createHash, randomBytes } from 'node:crypto';",
  "import { sleep } from 'bun';",
];

describe('ambient', () => {
  test.each(uses)('finds %s', (text) => {
    expect(ambient(planted({ 'packages/server/src/x.ts': text }))).toHaveLength(1);
  });

  test('accepts them where they become ports, in tests and in tools', () => {
    const text = uses.join('\n');
    const files = {
      'packages/adapters/system/src/x.ts': text,
      'packages/client/src/system-timers.ts': text,
      'packages/server/src/x.test.ts': text,
      'tools/x.ts': text,
    };
    expect(ambient(planted(files))).toEqual([]);
  });

  test('accepts a date of a given time, and comments', () => {
    const text = "const at = new Date(ms);\n// not new Date()\nimport { createHash } from 'node:crypto';";
    expect(ambient(planted({ 'packages/server/src/x.ts': text }))).toEqual([]);
  });
});
