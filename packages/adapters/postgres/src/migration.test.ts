// The schema and the server are checked before anything is stored: each refusal says what to do.
import { expect, test } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { rejection } from '@parley/ports/conformance/fixture';
import { StoreError } from '@parley/ports/store-error';
import { MIGRATIONS } from './migrations.ts';
import { migratePostgres, openPostgres, type PostgresOptions } from './open-postgres.ts';
import { newSchemaName, onServer, QUIET } from './test-worlds.ts';

/** A schema that is not there yet, and is gone afterwards. */
async function newSchema(url: string) {
  const schema = await newSchemaName(url);
  const options: PostgresOptions = { url, schema, connectionsMaxCount: 2, log: QUIET };
  return {
    options,
    run: (sql: string) => onServer(url, `SET search_path = ${options.schema}; ${sql}`),
    [Symbol.asyncDispose]: () => onServer(url, `DROP SCHEMA IF EXISTS ${options.schema} CASCADE`),
  };
}

async function refusal(options: PostgresOptions): Promise<string> {
  const error = await rejection(() => openPostgres(options));
  if (!(error instanceof StoreError) || error.kind !== 'unavailable') throw error;
  return error.message;
}

describeWithEngine('postgres', (url) => {
  test('without tables, and with those of an older version, it says to migrate; migrating again changes nothing', async () => {
    await using schema = await newSchema(url);
    expect(await refusal(schema.options)).toContain('run `parley migrate`');
    await migratePostgres(schema.options);
    const logIdOf = async () => {
      await using stores = await openPostgres(schema.options);
      return stores.messages.logId;
    };
    const logId = await logIdOf();
    await migratePostgres(schema.options);
    expect(await logIdOf()).toBe(logId);
    await schema.run(`DELETE FROM schema_migrations WHERE version = ${MIGRATIONS.length}`);
    expect(await refusal(schema.options)).toContain('older version of Parley');
  });

  test('migrators that start at the same time wait for each other, and all succeed', async () => {
    await using schema = await newSchema(url);
    await Promise.all([1, 2, 3, 4].map(() => migratePostgres(schema.options)));
    await using stores = await openPostgres(schema.options);
    expect(stores.messages.logId).toMatch(/^[0-9a-f]{32}$/);
    expect(stores.greatestId).toBeUndefined();
  });

  test('tables of a newer version, or of something else, are refused by opening and by migrating', async () => {
    await using schema = await newSchema(url);
    await migratePostgres(schema.options);
    await schema.run("INSERT INTO schema_migrations (version, name) VALUES (999, 'later')");
    expect(await refusal(schema.options)).toContain('newer version of Parley');
    expect(String(await rejection(() => migratePostgres(schema.options)))).toContain(
      'newer version of Parley',
    );
    await schema.run("UPDATE schema_migrations SET name = 'other' WHERE version = 2");
    expect(await refusal(schema.options)).toContain('a schema of its own');
  });

  test('a server that acknowledges what it may lose is refused', async () => {
    await using schema = await newSchema(url);
    await migratePostgres(schema.options);
    const settings = `-c synchronous_commit=off -c search_path=${schema.options.schema}`;
    const lossy = { ...schema.options, url: `${url}?options=${encodeURIComponent(settings)}` };
    expect(await refusal(lossy)).toContain('synchronous_commit = off');
    const readOnly = `-c default_transaction_read_only=on -c search_path=${schema.options.schema}`;
    const standby = { ...schema.options, url: `${url}?options=${encodeURIComponent(readOnly)}` };
    expect(await refusal(standby)).toContain('transaction_read_only = on');
  });

  test('a schema whose name could be something else than a name is refused', async () => {
    const options = { url, schema: 'a; DROP TABLE logs', connectionsMaxCount: 1, log: QUIET };
    expect(await rejection(() => openPostgres(options))).toBeInstanceOf(RangeError);
  });
});
