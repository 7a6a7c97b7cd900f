// Options that several commands share, and how their values are read.
import { InvalidArgumentError, type Command } from 'commander';

export const DEFAULT_PROFILE = 'default';
export const DEFAULT_URL = 'http://127.0.0.1:8080';
export const TIMEOUT_DEFAULT_S = 15;
const TIMEOUT_MAX_S = 86_400;

export interface ProfileOptions {
  readonly profile: string;
}

export interface SessionOptions extends ProfileOptions {
  /** Seconds; 0 waits for ever. */
  readonly timeout: number;
}

export function addJsonOption(command: Command): Command {
  return command.option(
    '--json',
    'print one JSON object a line; errors are one JSON object on standard error',
  );
}

export function addProfileOption(command: Command): Command {
  return command.option('--profile <name>', 'which sign-in to use', DEFAULT_PROFILE);
}

/** What a hint must say so that its command uses the same sign-in. */
export function profileFlag(profile: string): string {
  return profile === DEFAULT_PROFILE ? '' : ` --profile ${profile}`;
}

/** --profile, --timeout and --json, for a command that asks the server something and ends. */
export function addSessionOptions(command: Command): Command {
  addProfileOption(command).option(
    '--timeout <seconds>',
    'give up when the server did not answer for so long; 0 waits for ever',
    timeoutSeconds,
    TIMEOUT_DEFAULT_S,
  );
  return addJsonOption(command);
}

export function timeoutSeconds(text: string): number {
  return wholeNumber(0, TIMEOUT_MAX_S)(text);
}

export function addUrlOption(command: Command): Command {
  return command.option('--url <url>', 'the address of the server', serverAddress, DEFAULT_URL);
}

/** A parser of whole numbers within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** A server address, without a slash at its end. */
export function serverAddress(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidArgumentError('It must begin with http:// or https://, as in http://127.0.0.1:8080.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new InvalidArgumentError('It must be a plain address without a user, a password, "?" or "#".');
  }
  return text.replace(/\/+$/, '');
}
