// Planted text that may not stand in a file.
import { describe, expect, test } from 'bun:test';
import { longFiles, machineTraces, trackedBuilds, typeEscapes } from './content.ts';
import { planted } from './tree.ts';

test('longFiles: finds 401 lines of code and accepts 400', () => {
  const lines = (count: number): string => 'x;\n'.repeat(count);
  expect(longFiles(planted({ 'a.ts': lines(400), 'b.md': lines(1000) }))).toEqual([]);
  expect(longFiles(planted({ 'a.ts': lines(401), 'b.py': lines(401), 'c.mjs': lines(401) }))).toHaveLength(3);
});

describe('machineTraces', () => {
  test.each([
    ['a.ts', "const at = '/work/main/x';"],
    ['a.md', 'see /root/.config'],
    ['a.sh', 'cd /tmp/bash_jobs.0/x'],
    ['.npmrc', 'save-exact=true\nregistry = https://mirror.example/'],
    ['a.yml', 'https://registry.npmjs.org/zod'],
    ['package-lock.json', '"resolved": "https://mirror.example/zod.tgz"'],
  ])('finds a trace in %s: %s', (path, text) => {
    expect(machineTraces(planted({ [path]: text }))).toHaveLength(1);
  });

  test('accepts relative paths, URLs and links of workspaces', () => {
    const files = {
      'a.md': 'https://example.org/work/x docs/root/y',
      'b.ts': '// a registry. It is here',
      'package-lock.json': '"resolved": "packages/a"',
    };
    expect(machineTraces(planted(files))).toEqual([]);
  });
});

test('trackedBuilds: finds what was built or installed', () => {
  expect(trackedBuilds(planted({ 'packages/a/dist/x.js': '', 'node_modules/z.js': '' }))).toHaveLength(2);
  expect(trackedBuilds(planted({ 'packages/a/src/dist.ts': '' }))).toEqual([]);
});

describe('typeEscapes', () => {
  test.each(['x as unknown as Y', "test.only('x')", '// oxlint-disable-next-line no-console'])(
    'finds %s',
    (text) => {
      expect(typeEscapes(planted({ 'a.ts': text }))).toHaveLength(1);
    },
  );

  test('accepts one that states its reason', () => {
    const text = '// oxlint-disable-next-line no-console -- the terminal is the log here';
    expect(typeEscapes(planted({ 'a.ts': text }))).toEqual([]);
  });
});
