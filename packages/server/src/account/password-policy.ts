// Which passwords a new account may have: a length and a list of the most breached ones, no rules of composition.
import { fault, type Fault } from '@parley/protocol/error-code';
import { PASSWORD_MAX_UNITS, PASSWORD_MIN_UNITS } from '@parley/protocol/limits';
import common from './common-passwords.json' with { type: 'json' };

const COMMON: ReadonlySet<string> = new Set(common.passwords.flatMap((line) => line.split(' ')));

/** What is wrong with a password for a new account of this name, as `invalid_field`; undefined if nothing is. */
export function passwordFault(password: string, name: string): Fault | undefined {
  if (password.length < PASSWORD_MIN_UNITS) return refused(`has fewer than ${PASSWORD_MIN_UNITS} characters`);
  if (password.length > PASSWORD_MAX_UNITS) return refused(`has more than ${PASSWORD_MAX_UNITS} characters`);
  if (!password.isWellFormed()) return refused('is not well-formed Unicode');
  const plain = password.normalize('NFKC').toLowerCase();
  if (plain === name.toLowerCase()) return refused('is the name');
  if (COMMON.has(plain)) return refused('is one of the most common ones and known from breaches');
  return undefined;
}

function refused(reason: string): Fault {
  return fault('invalid_field', `The password ${reason}; choose another one.`, { field: 'password' });
}
