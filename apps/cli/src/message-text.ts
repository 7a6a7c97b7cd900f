// Checks a message's text before it goes out, so that the answer comes at once and in plain words.
import { TEXT_MAX_UNITS } from '@parley/protocol/limits';
import { CliError } from './cli-error.ts';

/** Why the text cannot be a message; undefined when it can. `where` names the line, as in "Line 7: ". */
export function textProblem(text: string, where = ''): CliError | undefined {
  if (text === '') return invalid(`${where}There is no text. Nothing was sent.`);
  if (text.length <= TEXT_MAX_UNITS) return undefined;
  return tooLong(where, `it has ${count(text.length)} characters; the most is ${count(TEXT_MAX_UNITS)}`);
}

/** The refusal of a line so long that it was not even kept. */
export function lineTooLong(where: string): CliError {
  return tooLong(where, `it has more than 64 KB; the most is ${count(TEXT_MAX_UNITS)} characters`);
}

function tooLong(where: string, size: string): CliError {
  return invalid(`${where}The text is too long: ${size}. It was not sent.`);
}

function invalid(message: string): CliError {
  return new CliError({ code: 'invalid_field', message, field: 'text' });
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
