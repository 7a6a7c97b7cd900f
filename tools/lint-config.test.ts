// .oxlintrc.json finds planted trouble, and it looks at every source file: a config that checks nothing fails here.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkout } from './tidy/tree.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** A busy machine may take seconds to start the type-aware half. */
const lintTimeoutMs = 60_000;
const service = 'packages/server/src/message/planted.ts';
const promise = 'declare const work: () => Promise<number>;';

/** [file, text, rule that must report it] */
const trouble: readonly [path: string, text: string, rule: string][] = [
  [service, `${promise} export const f = (): void => { work(); };`, 'no-floating-promises'],
  [
    service,
    `${promise} export const f = (): void => { [1].forEach(async () => { await work(); }); };`,
    'no-misused-promises',
  ],
  [service, 'export const f = async (): Promise<void> => { await 1; };', 'await-thenable'],
  [service, 'export const f = (x: any): number => Number(x);', 'no-explicit-any'],
  [
    service,
    "export const f = (x: 'a' | 'b'): void => { switch (x) { case 'a': } };",
    'switch-exhaustiveness-check',
  ],
  [service, "console.log('x');", 'no-console'],
  [service, 'export const at = Date.now();', 'no-restricted-properties'],
  [service, 'export const at = performance.now();', 'no-restricted-properties'],
  [service, 'export const x = Math.random();', 'no-restricted-properties'],
  [service, 'export const id = crypto.randomUUID();', 'no-restricted-properties'],
  [service, 'setTimeout(() => undefined, 1);', 'no-restricted-globals'],
  [service, 'setInterval(() => undefined, 1);', 'no-restricted-globals'],
  [service, 'setImmediate(() => undefined);', 'no-restricted-globals'],
  [service, "export const x = process.env['X'];", 'no-process-env'],
  [service, 'x;\n'.repeat(401), 'max-lines'],
  [service, `export const f = (): void => {${'\n  f();'.repeat(70)}\n};`, 'max-lines-per-function'],
  [service, "import './cycle.ts';", 'no-cycle'],
  [service, "import '../gateway/session.ts';", 'no-restricted-imports'],
  [service, "import '../http/routes.ts';", 'no-restricted-imports'],
  [service, "import '@parley/adapter-memory/x';", 'no-restricted-imports'],
  ['packages/protocol/src/planted.ts', "import '@parley/ports/clock';", 'no-restricted-imports'],
  ['packages/ports/src/planted.ts', "import '@parley/server/x';", 'no-restricted-imports'],
  ['packages/client/src/planted.ts', "import '@parley/ports/clock';", 'no-restricted-imports'],
  ['packages/adapters/sqlite/src/planted.ts', "import '@parley/server/x';", 'no-restricted-imports'],
  ['packages/server/src/planted.test.ts', "import '@parley/adapter-sqlite/x';", 'no-restricted-imports'],
  ['packages/simulator/src/planted.ts', "import '@parley/adapter-sqlite/x';", 'no-restricted-imports'],
  ['apps/server/src/planted.ts', "import '@parley/client';", 'no-restricted-imports'],
  ['apps/cli/src/planted.ts', "import '@parley/server/x';", 'no-restricted-imports'],
];

/** What each layer may do. */
const allowed: readonly [path: string, text: string][] = [
  ['packages/ports/src/fine.ts', "import '@parley/protocol/ids';"],
  ['packages/client/src/fine.ts', "import '@parley/protocol/ids';"],
  ['packages/client/src/system-timers.ts', 'setTimeout(() => undefined, Date.now());'],
  ['packages/adapters/system/src/fine.ts', 'setTimeout(() => undefined, Date.now());'],
  ['packages/adapters/sqlite/src/fine.ts', "import '@parley/ports/clock';\nimport '@parley/protocol/ids';"],
  ['packages/server/src/message/fine.ts', "import '@parley/ports/clock';\nimport '../group/roster.ts';"],
  ['packages/server/src/gateway/fine.ts', "import '../message/fine.ts';"],
  [
    'packages/server/src/message/fine.test.ts',
    "import '@parley/adapter-memory/x';\nsetTimeout(() => undefined, 1);",
  ],
  ['packages/simulator/src/fine.ts', "import '@parley/client';\nimport '@parley/server/x';"],
  ['apps/server/src/fine.ts', "import '@parley/server/x';\nimport '@parley/adapter-sqlite/x';"],
  ['apps/server/src/env.ts', "export const x = process.env['X'];"],
  ['packages/ports/src/conformance/engine.ts', "export const x = process.env['X'];"],
  ['apps/cli/src/fine.ts', "import '@parley/client';\nimport '@parley/server-app/x';\nconsole.log('x');"],
];

describe('.oxlintrc.json', () => {
  let folder = '';
  let found: string[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-lint-'));
    for (const file of ['.oxlintrc.json', 'tsconfig.json'])
      copyFileSync(join(root, file), join(folder, file));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    plant('packages/server/src/message/cycle.ts', "import './planted-16.ts';");
    for (const [index, [path, text]] of trouble.entries()) plant(numbered(path, index), text);
    for (const [path, text] of allowed) plant(path, text);
    found = oxlint(folder, '--format=unix').split('\n');
  }, lintTimeoutMs);
  afterAll(() => rmSync(folder, { recursive: true }));

  for (const [index, [path, text, rule]] of trouble.entries()) {
    test(`${rule} reports in ${path}: ${text.slice(0, 60).split('\n')[0]}`, () => {
      const here = found.filter((line) => line.startsWith(`${numbered(path, index)}:`));
      expect(
        here.some((line) => line.includes(`(${rule})`)),
        here.join('\n'),
      ).toBe(true);
    });
  }

  for (const [path, text] of allowed) {
    test(`nothing to report in ${path}: ${text.split('\n')[0]}`, () => {
      expect(found.filter((line) => line.startsWith(`${path}:`))).toEqual([]);
    });
  }

  test(
    'every source file of the repository is looked at',
    () => {
      const looked = new Set(
        oxlint(root, '--debug=files')
          .split('\n')
          .map((line) => line.trim()),
      );
      const sources = checkout(root).files.filter(
        (path) => /\.(ts|mjs)$/.test(path) && !path.endsWith('.d.ts'),
      );
      expect(sources.length).toBeGreaterThan(50);
      expect(sources.filter((path) => ![...looked].some((line) => line.endsWith(path)))).toEqual([]);
    },
    lintTimeoutMs,
  );

  function plant(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${text}\n`);
  }
});

/** A file of its own for each trouble, so that none hides another. */
function numbered(path: string, index: number): string {
  return path.replace('planted', `planted-${index}`);
}

function oxlint(cwd: string, ...args: string[]): string {
  return spawnSync(join(root, 'node_modules/.bin/oxlint'), args, { cwd, encoding: 'utf8' }).stdout;
}
