// The URL of PostgreSQL in a setting: checked, without what only Parley reads, and as it may be shown.
import { ConfigError } from './config-error.ts';

export interface PostgresPlace {
  /** As the driver takes it, with the password. */
  readonly url: string;
  readonly schema: string;
  /** Without the password. */
  readonly shown: string;
}

export const DEFAULT_SCHEMA = 'parley';

const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;
/** What the driver reads besides; others could undo what each connection is set to. */
const PARAMETERS: ReadonlySet<string> = new Set(['schema', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']);

/** Throws a ConfigError, which shows nothing of the URL. */
export function parsePostgresUrl(setting: string, text: string): PostgresPlace {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = url?.pathname.slice(1) ?? '';
  if (url === undefined || !isPostgresUrl(text) || url.hostname === '' || !/^[^/]+$/.test(database)) {
    throw new ConfigError(
      `${setting} must be a URL like postgres://user:password@host:port/database, with %XX for what a URL cannot hold.`,
    );
  }
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) {
    throw new ConfigError(
      `${setting} has the parameter ${JSON.stringify(unknown)}; it takes ${[...PARAMETERS].join(', ')}.`,
    );
  }
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA;
  if (!SCHEMA.test(schema)) {
    throw new ConfigError(
      `${setting} has the schema ${JSON.stringify(schema)}; a name has a-z 0-9 _ and at most 63 of them.`,
    );
  }
  url.searchParams.delete('schema');
  return { url: url.href, schema, shown: `postgres://${url.host}/${database}, schema ${schema}` };
}

export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text);
}
