// parley register, login, logout and whoami: who is signed in where.
import { login, logout, ParleyError, register, type AccountOptions, type Credentials } from '@parley/client';
import { PASSWORD_MAX_UNITS, PASSWORD_MIN_UNITS, USER_NAME_MAX_CHARS } from '@parley/protocol/limits';
import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import {
  addJsonOption,
  addProfileOption,
  addUrlOption,
  DEFAULT_PROFILE,
  type ProfileOptions,
} from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { passwordFromStdin, promptPassword } from '../password.ts';
import { sanitizeLine } from '../sanitize.ts';
import { asCliError } from '../sdk-error.ts';

interface SignInOptions extends ProfileOptions {
  readonly url: string;
  readonly passwordStdin?: boolean;
  readonly deviceName?: string;
}

const NAME_RULE = `A name has 1 to ${USER_NAME_MAX_CHARS} of a-z 0-9 . _ - and begins with a letter or digit.`;
const PASSWORD_RULE = `A password has ${PASSWORD_MIN_UNITS} to ${PASSWORD_MAX_UNITS} characters.`;

type SignIn = (options: AccountOptions) => Promise<Credentials>;

export function addAccountCommands(program: Command, context: CliContext): void {
  addSignIn(program.command('register').description('make a new user and sign in')).action(
    async (name: string, options: SignInOptions) => {
      const password = await askPassword(options, { twice: true }, context);
      await signIn({ name, password, options, how: register }, context);
    },
  );
  addSignIn(program.command('login').description('sign in on this computer')).action(
    async (name: string, options: SignInOptions) => {
      const password = await askPassword(options, { twice: false }, context);
      await signIn({ name, password, options, how: login }, context);
    },
  );
  addJsonOption(
    addProfileOption(program.command('logout').description('sign out and forget the profile')),
  ).action((options: ProfileOptions) => signOut(options, context));
  addJsonOption(addProfileOption(program.command('whoami').description('say who is signed in'))).action(
    (options: ProfileOptions) => whoAmI(options, context),
  );
}

function addSignIn(command: Command): Command {
  command
    .argument('<name>', 'the user: 1 to 32 of a-z 0-9 . _ -')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .option('--device-name <name>', 'what this device is called in the list of devices');
  return addJsonOption(addProfileOption(addUrlOption(command)));
}

async function signIn(
  request: { name: string; password: string; options: SignInOptions; how: SignIn },
  context: CliContext,
): Promise<void> {
  const { name, password, options, how } = request;
  const { profile, url, deviceName } = options;
  const before = await context.profiles.find(profile).catch(() => undefined); // a damaged one is replaced
  const { token, ...who } = await how({
    url,
    name,
    password,
    ...(deviceName === undefined ? {} : { deviceName }),
  }).catch((error: unknown) => {
    throw withRule(error) ?? withUrl(error, url);
  });
  await context.profiles.write(profile, { url, token, ...who });
  if (context.json) return await context.stdout.json({ ...who, url, profile });
  const replaced =
    before === undefined || (before.name === who.name && before.url === url)
      ? ''
      : ` This replaces ${sanitizeLine(before.name)} at ${before.url} in that profile.`;
  await context.stdout.line(
    `Signed in as ${sanitizeLine(who.name)} at ${url} (profile "${profile}").${replaced}\n` +
      `Try: parley chat${profileFlag(profile)} --to NAME`,
  );
}

async function signOut({ profile }: ProfileOptions, context: CliContext): Promise<void> {
  const { url, token, name } = await context.profiles.read(profile);
  try {
    await logout({ url, token });
  } catch (error) {
    // Revoked or expired already: there is nothing left to sign out of, and the profile is of no use.
    const gone =
      error instanceof ParleyError && ['invalid_credentials', 'token_expired'].includes(error.code);
    if (!gone) throw withUrl(error, url, 'You are still signed in.');
  }
  await context.profiles.remove(profile);
  if (context.json) return await context.stdout.json({ signed_out: true, name, url, profile });
  await context.stdout.line(`Signed out ${sanitizeLine(name)} at ${url}; profile "${profile}" is forgotten.`);
}

async function whoAmI({ profile }: ProfileOptions, context: CliContext): Promise<void> {
  const { url, user_id, name, device_id } = await context.profiles.read(profile);
  if (context.json) return await context.stdout.json({ name, user_id, device_id, url, profile });
  await context.stdout.line(
    `${sanitizeLine(name)} at ${url} (user ${sanitizeLine(user_id)}, device ${sanitizeLine(device_id)}, profile "${profile}")`,
  );
}

async function askPassword(
  { passwordStdin }: SignInOptions,
  { twice }: { twice: boolean },
  { stderr }: CliContext,
): Promise<string> {
  if (passwordStdin === true) return await passwordFromStdin(process.stdin);
  const input = process.stdin;
  if (!input.isTTY) {
    throw usageError(
      'There is no terminal to ask for a password: give it on standard input, with --password-stdin.',
    );
  }
  const ask = async (question: string): Promise<string> => {
    const answer = await promptPassword({ input, output: stderr, question });
    if (answer === undefined)
      throw new CliError({ code: 'interrupted', message: 'Interrupted. Nothing was changed.' });
    return answer;
  };
  const password = await ask('Password (it is not shown): ');
  if (twice && (await ask('The same again: ')) !== password) {
    throw new CliError({
      code: 'invalid_field',
      message: 'The two differ. Nothing was changed.',
      field: 'password',
    });
  }
  return password;
}

function profileFlag(profile: string): string {
  return profile === DEFAULT_PROFILE ? '' : ` --profile ${profile}`;
}

/** The rule that a name or a password broke, in words. */
function withRule(error: unknown): CliError | undefined {
  if (!(error instanceof ParleyError) || error.code !== 'invalid_field') return undefined;
  const { field } = error.fault;
  const rule = field === 'name' ? NAME_RULE : field === 'password' ? PASSWORD_RULE : undefined;
  if (rule === undefined) return undefined;
  return new CliError({ code: error.code, message: `${rule} Nothing was changed.`, field });
}

/** Says which server could not be reached, and how to start one. */
function withUrl(error: unknown, url: string, kept = 'Nothing was changed.'): unknown {
  if (!(error instanceof ParleyError) || error.code !== 'unavailable') return asCliError(error);
  return new CliError({
    code: 'unreachable',
    message: `${unreachable(error.message, url)} ${kept} Is it running? Start one with: parley serve`,
    retry: 'later',
  });
}

function unreachable(reason: string, url: string): string {
  return reason.includes('cannot be reached')
    ? `No server answers at ${url}.`
    : `No Parley server answers: ${reason}`;
}
