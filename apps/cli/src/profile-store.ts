// Who is signed in where: one file a profile, readable by its owner only. It holds a token, which is never printed.
import { constants } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, usageError } from './cli-error.ts';

const NAME_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;
const FIELDS = ['url', 'user_id', 'name', 'device_id', 'token'] as const;

export type Profile = Readonly<Record<(typeof FIELDS)[number], string>>;

export class ProfileStore {
  readonly #directory: string;

  /** `directory` is the configuration folder; profiles are kept in its folder `profiles`. */
  constructor(directory: string) {
    this.#directory = join(directory, 'profiles');
  }

  /** The profile's sign-in. Fails with `no_profile` or `profile_unreadable`, and says how to sign in. */
  async read(name: string): Promise<Profile> {
    const profile = await this.find(name);
    if (profile !== undefined) return profile;
    throw new CliError({
      code: 'no_profile',
      message:
        `Nobody is signed in as profile "${name}" (looked in ${this.#directory}). ` +
        `Sign in with: parley login NAME --url URL --profile ${name}   (new here: parley register …)`,
    });
  }

  /** The same, and undefined where there is none. */
  async find(name: string): Promise<Profile | undefined> {
    const path = this.#path(name);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw ioError(`The profile "${name}" could not be read`, path, error);
    }
    const profile = parseProfile(text);
    if (profile !== undefined) return profile;
    throw new CliError({
      code: 'profile_unreadable',
      message: `The profile file ${path} is damaged. Nothing was changed. Remove it and sign in again.`,
    });
  }

  /** Replaces the profile in one step: a crash leaves the old file or the new one, never half of one. */
  async write(name: string, profile: Profile): Promise<void> {
    const path = this.#path(name);
    const draft = `${path}.${process.pid}.new`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await chmod(this.#directory, 0o700);
      await writeSynced(draft, `${JSON.stringify(profile, FIELDS.slice(), 2)}\n`);
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw ioError(`The profile "${name}" could not be saved`, path, error);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  #path(name: string): string {
    if (NAME_PATTERN.test(name)) return join(this.#directory, `${name}.json`);
    throw usageError(
      `A profile's name has 1 to 64 letters, digits, "_", "-" or "."; ${JSON.stringify(name)} does not.`,
    );
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function parseProfile(text: string): Profile | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const textOf = (field: string): string | undefined => {
    const found = fields.get(field);
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  const [url, user_id, name, device_id, token] = FIELDS.map(textOf);
  if (url === undefined || user_id === undefined || name === undefined) return undefined;
  if (device_id === undefined || token === undefined) return undefined;
  return { url, user_id, name, device_id, token };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function ioError(what: string, path: string, error: unknown): CliError {
  const reason = error instanceof Error ? error.message : String(error);
  return new CliError({ code: 'io', message: `${what} (${path}): ${reason}` });
}
