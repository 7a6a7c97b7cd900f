// Planted manifests: loose pins, and dependencies without a reason.
import { describe, expect, test } from 'bun:test';
import { loosePins, undocumentedDependencies } from './manifests.ts';
import { planted } from './tree.ts';

function manifest(kind: string, version: string): string {
  return JSON.stringify({ name: 'x', [kind]: { zod: version } });
}

describe('loosePins', () => {
  test.each(['^1.2.3', '~1.2.3', '1.x', '*', 'latest', '>=1.2.3', 'workspace:*'])('finds %s', (version) => {
    expect(loosePins(planted({ 'a/package.json': manifest('dependencies', version) }))).toHaveLength(1);
    expect(loosePins(planted({ 'package.json': manifest('devDependencies', version) }))).toHaveLength(1);
  });

  test('accepts exact versions', () => {
    expect(loosePins(planted({ 'package.json': manifest('dependencies', '1.2.3-rc.1') }))).toEqual([]);
  });
});

describe('undocumentedDependencies', () => {
  const file = 'docs/decisions/dependencies.md';
  const used = { 'package.json': manifest('dependencies', '1.2.3') };

  test('accepts a line in a list or a table', () => {
    expect(undocumentedDependencies(planted({ ...used, [file]: '- `zod` parses.' }))).toEqual([]);
    expect(undocumentedDependencies(planted({ ...used, [file]: '| `zod` | parses |' }))).toEqual([]);
  });

  test('finds a dependency without a line, and a line without a dependency', () => {
    expect(undocumentedDependencies(planted(used))).toHaveLength(1);
    expect(undocumentedDependencies(planted({ ...used, [file]: '- `zod-like` parses.' }))).toHaveLength(2);
  });
});
