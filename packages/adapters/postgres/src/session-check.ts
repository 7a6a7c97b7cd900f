// What a session must have for an answer to mean "on the disk", read back from the server itself.
import { StoreError } from '@parley/ports/store-error';
import type { Database } from './database.ts';
import { statement } from './statement.ts';

const SETTINGS = statement<{ name: string; setting: string }>(
  'session_settings',
  `SELECT name, setting FROM pg_settings
   WHERE name IN ('synchronous_commit', 'fsync', 'server_encoding', 'transaction_read_only')`,
);

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  synchronous_commit: ['on', 'remote_apply'],
  fsync: ['on'],
  server_encoding: ['UTF8'],
  transaction_read_only: ['off'],
};

/** Rejects with a StoreError where one differs. */
export async function checkSession(database: Database): Promise<void> {
  const settings = new Map((await database.read(SETTINGS, [])).map(({ name, setting }) => [name, setting]));
  for (const [name, allowed] of Object.entries(REQUIRED)) {
    const setting = settings.get(name) ?? 'not there';
    if (allowed.includes(setting)) continue;
    throw new StoreError(
      'unavailable',
      `PostgreSQL has ${name} = ${setting}; Parley needs ${allowed.join(' or ')}, or what it acknowledges may be lost`,
    );
  }
}
