// Planted imports: declared and not, inside and outside of a package.
import { describe, expect, test } from 'bun:test';
import { importsOf, undeclaredImports, unusedDependencies } from './imports.ts';
import { planted } from './tree.ts';

const manifests = {
  'package.json': '{ "name": "root", "devDependencies": { "tool": "1.0.0" } }',
  'packages/a/package.json':
    '{ "name": "@x/a", "dependencies": { "used": "1.0.0" }, "devDependencies": { "dev": "1.0.0" } }',
  'packages/b/package.json': '{ "name": "@x/b" }',
};

describe('importsOf', () => {
  test('finds types, side effects, exports, dynamic imports and imports over several lines', () => {
    const text = [
      "import type { A } from 'a';",
      "import 'b';",
      "export * from 'c';",
      `const d = await ${'import'}('d');`,
      'import {',
      '  e,',
      "} from 'e';",
      "// import 'no';",
    ].join('\n');
    expect(importsOf(text).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('undeclaredImports', () => {
  test('accepts what is declared, built in, or a workspace used from the root', () => {
    const files = {
      ...manifests,
      'packages/a/src/a.ts': "import 'used/sub';\nimport 'node:fs';\nimport './b.ts';\nimport '#inner';",
      'packages/a/src/a.test.ts': "import 'dev';\nimport 'bun:test';",
      'packages/a/src/conformance/c.ts': "import 'dev';",
      'tests/t.test.ts': "import 'tool';\nimport '@x/a';",
    };
    expect(undeclaredImports(planted(files))).toEqual([]);
  });

  test.each([
    ['an undeclared package', 'packages/a/src/a.ts', "import { z } from 'other';"],
    ['an undeclared type', 'packages/a/src/a.ts', "import type { Z } from 'other';"],
    ['an undeclared workspace', 'packages/a/src/a.ts', "import '@x/b/sub';"],
    ['a devDependency in product code', 'packages/a/src/a.ts', "import 'dev';"],
    ["another workspace's dependency", 'packages/b/src/b.ts', "import 'used';"],
    ['a relative path into another package', 'packages/a/src/a.ts', "import '../../b/src/b.ts';"],
  ])('finds %s', (_, path, text) => {
    expect(undeclaredImports(planted({ ...manifests, [path]: text }))).toHaveLength(1);
  });
});

describe('unusedDependencies', () => {
  test('finds what no file of the workspace imports', () => {
    const files = {
      ...manifests,
      'packages/a/src/a.test.ts': "import 'dev';",
      'packages/b/src/b.ts': "import 'used';",
    };
    expect(unusedDependencies(planted(files))).toEqual(["packages/a/package.json: nothing imports 'used'"]);
  });
});
