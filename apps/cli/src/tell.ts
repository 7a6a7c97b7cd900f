// One answer of a command: an object for scripts, words for people.
import type { CliContext } from './context.ts';

/** Fields that are undefined are left out. */
export async function tell(
  { json, stdout }: Pick<CliContext, 'json' | 'stdout'>,
  fields: object,
  words: string,
): Promise<void> {
  if (json) await stdout.json(fields);
  else await stdout.line(words);
}
