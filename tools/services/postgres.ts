// PostgreSQL of the distribution, with a database `parley` that the user `parley` owns and enters without a password.
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, succeeds } from './commands.ts';
import { addresses, ServicesError, type Engine, type Member } from './engine.ts';
import { installDebian } from './packages.ts';
import { asUser, give } from './system-user.ts';
import { POSTGRES_MAJOR_MIN } from './versions.ts';

const installedFolder = '/usr/lib/postgresql';
const owner = 'parley';
/** The system's user that runs it where we are root, which it refuses to be. */
const systemUser = 'postgres';

export const postgres: Engine = {
  places: [{ host: '127.0.0.1', port: 70 }],
  // "Fast": it ends sessions instead of waiting for them.
  stopSignal: 'SIGINT',

  async install() {
    if (newestInstalled() < POSTGRES_MAJOR_MIN) await installDebian('postgresql');
    if (newestInstalled() >= POSTGRES_MAJOR_MIN) return;
    throw new ServicesError(
      `PostgreSQL ${POSTGRES_MAJOR_MIN} or later is needed, and this system's package is older`,
    );
  },

  async prepare(member) {
    const data = join(member.folder, 'data');
    await give(member.folder, systemUser);
    if (!existsSync(join(data, 'PG_VERSION'))) {
      const layout = ['-E', 'UTF8', '--locale=C.UTF-8', '-U', owner, '-A', 'trust'];
      await run([...asUser(systemUser), binary('initdb'), '-D', data, ...layout]);
    }
    const settings = join(member.folder, 'postgresql.conf');
    await writeFile(settings, postgresSettings(member));
    const files = ['-c', `config_file=${settings}`, '-c', `hba_file=${join(data, 'pg_hba.conf')}`];
    return [...asUser(systemUser), binary('postgres'), '-D', data, ...files];
  },

  isReady: ({ host, port }) => succeeds([binary('pg_isready'), '-q', '-h', host, '-p', String(port)]),

  async form([member]) {
    const { host, port } = member!;
    const client = ['-h', host, '-p', String(port), '-U', owner];
    const exists = await succeeds([binary('psql'), ...client, '-d', owner, '-qc', 'SELECT 1']);
    if (!exists) await run([binary('createdb'), ...client, owner]);
  },

  variables: (all) => ({ PARLEY_TEST_POSTGRES: `postgres://${owner}@${addresses(all)}/${owner}` }),
};

/** No Unix socket: its path may be too long for one. */
export function postgresSettings({ host, port }: Pick<Member, 'host' | 'port'>): string {
  return `listen_addresses = '${host}'
port = ${port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
`;
}

function newestInstalled(): number {
  const majors = existsSync(installedFolder) ? readdirSync(installedFolder).map(Number) : [];
  return Math.max(0, ...majors.filter((major) => existsSync(binaryOf(major, 'postgres'))));
}

function binaryOf(major: number, name: string): string {
  return join(installedFolder, String(major), 'bin', name);
}

function binary(name: string): string {
  return binaryOf(newestInstalled(), name);
}
