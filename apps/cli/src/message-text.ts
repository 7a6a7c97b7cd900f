// Checks a message's text before it goes out, so that the answer comes at once and in plain words.
import { TEXT_MAX_UNITS } from '@parley/protocol/limits';
import { CliError } from './cli-error.ts';

/** Why the text cannot be a message; undefined when it can. `where` names the line, as in "Line 7: ". */
export function textProblem(text: string, where = ''): CliError | undefined {
  if (text === '') return invalid(`${where}There is no text. Nothing was sent.`);
  if (text.length <= TEXT_MAX_UNITS) return undefined;
  return tooLong(where, `it has ${count(text.length)}`);
}

/** The refusal of a line so long that it was not even kept. */
export function tooLong(where: string, size: string): CliError {
  return invalid(
    `${where}The text is too long: ${size}, a message has at most ${count(TEXT_MAX_UNITS)} characters. It was not sent.`,
  );
}

function invalid(message: string): CliError {
  return new CliError({ code: 'invalid_field', message, field: 'text' });
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
