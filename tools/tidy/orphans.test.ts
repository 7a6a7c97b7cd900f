// Planted files: reached by import, export, worker, script or bin, and not reached.
import { describe, expect, test } from 'bun:test';
import { orphans } from './orphans.ts';
import { planted } from './tree.ts';

const base = {
  'package.json': '{ "name": "root", "scripts": { "bench": "bun tools/bench.ts" } }',
  'tools/bench.ts': '',
  'packages/a/package.json': '{ "name": "@x/a", "exports": { ".": "./src/index.ts", "./*": "./src/*.ts" } }',
  'packages/a/src/index.ts': "import './inner.ts';\nnew Worker(new URL('./worker.ts', import.meta.url));",
  'packages/a/src/inner.ts': '',
  'packages/a/src/worker.ts': '',
  'packages/a/src/deep/sub.ts': '',
  'packages/b/package.json':
    '{ "name": "b", "bin": { "b": "./bin/b" }, "imports": { "#s": { "node": "./dist/s.js" } } }',
  'packages/b/bin/b': 'exec bun "$root/packages/b/src/main.ts"',
  'packages/b/src/main.ts': "import { sub } from '@x/a/deep/sub';",
  'packages/b/src/s.ts': '',
};

describe('orphans', () => {
  test('accepts what an entry point, export, worker, script, bin or test reaches', () => {
    const files = { ...base, 'tests/t.test.ts': "spawn('bun', ['./child.ts']);", 'tests/child.ts': '' };
    expect(orphans(planted(files))).toEqual([]);
  });

  test('finds a file that only a wildcard export covers', () => {
    expect(orphans(planted({ ...base, 'packages/a/src/lost.ts': '' }))).toEqual([
      'packages/a/src/lost.ts: nothing imports it',
    ]);
  });

  test('finds files that only import one another', () => {
    const files = {
      ...base,
      'packages/a/src/p.ts': "import './q.ts';",
      'packages/a/src/q.ts': "import './p.ts';",
    };
    expect(orphans(planted(files))).toHaveLength(2);
  });
});
