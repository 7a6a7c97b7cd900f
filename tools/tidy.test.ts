// The repository itself, held against every tidy check; tools/tidy/*.test.ts prove that each finds planted trouble.
import { describe, expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { ambient } from './tidy/ambient.ts';
import { longFiles, machineTraces, trackedBuilds, typeEscapes } from './tidy/content.ts';
import { undeclaredImports, unusedDependencies } from './tidy/imports.ts';
import { brokenLinks } from './tidy/links.ts';
import { loosePins, undocumentedDependencies } from './tidy/manifests.ts';
import { orphans } from './tidy/orphans.ts';
import { protocolRules } from './tidy/rules.ts';
import { checkout, type Check } from './tidy/tree.ts';

const checks: readonly [title: string, check: Check][] = [
  ['every import is declared by its package', undeclaredImports],
  ['every dependency is used', unusedDependencies],
  ['every dependency is pinned exactly', loosePins],
  ['every dependency has its reason in docs/decisions/dependencies.md', undocumentedDependencies],
  ['no source file is an orphan', orphans],
  ['no file is too long', longFiles],
  ['no file names a machine or a registry', machineTraces],
  ['no build output is tracked', trackedBuilds],
  ['no cast, focus or silencer goes around a check', typeEscapes],
  ['time, timers, chance and environment are passed in', ambient],
  ['every link of a document leads somewhere', brokenLinks],
  ['every rule of PROTOCOL.md is quoted by a test, and no other', protocolRules],
];

describe('the repository is tidy', () => {
  const tree = checkout(fileURLToPath(new URL('..', import.meta.url)));

  test('the checks see its files', () => {
    expect(tree.files).toContain('packages/protocol/src/up.ts');
    expect(tree.files).toContain('PROTOCOL.md');
  });

  for (const [title, check] of checks) {
    test(title, () => {
      expect(check(tree)).toEqual([]);
    });
  }
});
