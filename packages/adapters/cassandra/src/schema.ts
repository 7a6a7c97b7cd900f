// The tables, as numbered steps. Each step may be done again, and at the same time by several nodes: every table has an
// id of its own that follows from its name, so that two who create it create the same one.
import { createHash } from 'node:crypto';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly tables: readonly TableDefinition[];
}

export interface TableDefinition {
  readonly table: string;
  readonly columns: string;
}

const MESSAGES: TableDefinition = {
  table: 'messages',
  columns: `conversation bigint, bucket int, part tinyint, user bigint, seq bigint, id text,
    owner_token text STATIC, head bigint STATIC, floor bigint STATIC, changes bigint STATIC,
    opened_at bigint STATIC, opened_after bigint STATIC, opened_changes bigint STATIC, previous int STATIC,
    message_id bigint, sender bigint, client_msg_id text, at bigint, kind text, body text,
    number bigint,
    PRIMARY KEY ((conversation, bucket), part, user, seq, id)`,
};

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'logs and inboxes',
    tables: [
      MESSAGES,
      {
        table: 'logs',
        columns: 'conversation bigint PRIMARY KEY, floor bigint, bucket int, oldest_at bigint',
      },
      {
        table: 'states',
        columns: `conversation bigint, bucket int, seq bigint, as_of bigint, body text,
          PRIMARY KEY ((conversation, bucket), seq)`,
      },
      { table: 'message_ids', columns: 'message_id bigint PRIMARY KEY, conversation bigint, seq bigint' },
      {
        table: 'inbox',
        columns: 'user bigint, conversation bigint, head bigint, PRIMARY KEY (user, conversation)',
      },
      {
        table: 'marks',
        columns: `user bigint, device bigint, conversation bigint, seq bigint,
          PRIMARY KEY ((user, device), conversation)`,
      },
    ],
  },
];

/** What the migrations need themselves. */
export const BOOKKEEPING: readonly TableDefinition[] = [
  { table: 'migrations', columns: 'version int PRIMARY KEY, name text, applied_at bigint' },
  { table: 'meta', columns: 'name text PRIMARY KEY, value text' },
];

export function createTable(keyspace: string, { table, columns }: TableDefinition): string {
  const id = tableId(`${keyspace}.${table}`);
  return `CREATE TABLE IF NOT EXISTS ${keyspace}.${table} (${columns}) WITH id = ${id}`;
}

/** A UUID of version 5's form: any that is always the same for the name will do. */
function tableId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
  return [...parts, hex.slice(20, 32)].join('-');
}
