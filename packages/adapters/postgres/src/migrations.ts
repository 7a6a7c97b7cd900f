// The schema, as numbered steps. A step that has been released never changes; a new one is added after it.
// - Ids are bigint, bound and read as decimal text, so that none passes through a double. So are seqs and times in ms.
// - Text that is compared has the collation "C": bytes decide, not a locale. What people wrote is bytea (text-bytes.ts).
import type { Migration } from './migration.ts';
import { ACCOUNTS } from './schema-accounts.ts';
import { LEASES } from './schema-leases.ts';
import { LOGS } from './schema-logs.ts';
import { MEMBERS } from './schema-members.ts';
import { PEOPLE } from './schema-people.ts';
import { READING } from './schema-reading.ts';

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'logs', sql: LOGS },
  { version: 2, name: 'members', sql: MEMBERS },
  { version: 3, name: 'accounts', sql: ACCOUNTS },
  { version: 4, name: 'people', sql: PEOPLE },
  { version: 5, name: 'reading', sql: READING },
  { version: 6, name: 'leases', sql: LEASES },
];
