// Every statement of this package finds its rows by an index, and has a name of its own.
import { expect, test } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { Client } from 'pg';
import { allStatements, statement } from './statement.ts';
import { testWorlds } from './test-worlds.ts';

/** Of tests, the migrator, the check at open, the advisory locks, and the worker leases, which are at most 1,024. */
const SMALL = /^(test_|migration_|session_settings$|wait_for_turn$|worker_lease$|workers_free_from$)/;

const parametersOf = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));

async function planOf(client: Client, { name, text }: { name: string; text: string }): Promise<string> {
  await client.query(`PREPARE ${name} AS ${text}`);
  const count = parametersOf(text);
  const values = count === 0 ? '' : `(${Array.from({ length: count }, () => 'NULL').join(', ')})`;
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE ${name}${values}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describeWithEngine('postgres', (url) => {
  const { open } = testWorlds(url);

  test('no statement of the stores reads a whole table, where an index could do', async () => {
    await using world = await open();
    const client = new Client({ connectionString: url });
    await client.connect();
    // With it off a table is read whole only where there is no other way.
    await client.query(
      `SET search_path = ${world.options.schema}; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off`,
    );
    const scans: string[] = [];
    const all = allStatements();
    for (const each of all.filter(({ name }) => !SMALL.test(name))) {
      const plan = await planOf(client, each);
      if (plan.includes('Seq Scan')) scans.push(`${each.name}\n${plan}`);
    }
    await client.end();
    expect(scans).toEqual([]);
    expect(all.length).toBeGreaterThan(40);
  });

  test('no two statements share a name: a connection would run the other one', () => {
    expect(statement('test_twice', 'SELECT 1')).toEqual(statement('test_twice', 'SELECT 1'));
    expect(() => statement('test_twice', 'SELECT 2')).toThrow('two statements have the name test_twice');
  });
});
