// An engine that can lose what it acknowledged, or decide a condition wrongly, is not used.
import { expect, test } from 'bun:test';
import { type EngineFacts, engineProblems } from './engine-checks.ts';

const facts = (fields: Partial<EngineFacts> = {}): EngineFacts => ({
  node: '10.0.0.1:9042',
  release: '5.0.9',
  commitlogSync: 'batch',
  ...fields,
});
const problems = (...nodes: readonly Partial<EngineFacts>[]) => engineProblems(nodes.map(facts), true);

test('a node that syncs before it acknowledges, of a release whose conditions hold, is right', () => {
  for (const commitlogSync of ['batch', 'group'])
    for (const release of ['4.1', '4.1.0', '4.1.11', '5.0.9', '5.1-alpha1', '10.0.0'])
      expect(problems({ commitlogSync, release })).toEqual([]);
});

test('[INV 1] a periodic sync, or one that is not known, is refused with what to set', () => {
  for (const commitlogSync of ['periodic', undefined])
    expect(problems({}, { node: '10.0.0.2:9042', commitlogSync })).toEqual([
      expect.stringMatching(/^10\.0\.0\.2:9042 has commitlog_sync: .*`commitlog_sync: batch` or `group`/u),
    ]);
});

test('[INV 2] a release before 4.1, or one that is not known, is refused', () => {
  for (const release of ['3.0.8', '3.11.17', '4.0.13', 'unknown'])
    expect(problems({ release })).toEqual([
      expect.stringContaining(`runs Cassandra ${release}: update it to 4.1`),
    ]);
});

test('[INV 1] a keyspace without durable writes is refused', () => {
  expect(engineProblems([facts()], false)).toEqual([expect.stringContaining('durable_writes = true')]);
});
