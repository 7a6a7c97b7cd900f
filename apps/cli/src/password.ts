// Asks for a password: from standard input for scripts, or hidden on a terminal.
import type { ReadStream } from 'node:tty';
import { usageError } from './cli-error.ts';
import { readLines } from './line-reader.ts';
import type { Output } from './output.ts';

const BACKSPACES = new Set(['\u007f', '\b']);
const INTERRUPTS = new Set(['\u0003', '\u0004']);
const ENTERS = new Set(['\r', '\n']);

/** The first line of standard input. */
export async function passwordFromStdin(input: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const line of readLines(input)) {
    if (line.kind === 'line' && line.text !== '') return line.text;
    break;
  }
  throw usageError('--password-stdin found no password: its first line is empty or far too long.');
}

/** Asks on the terminal without showing what is typed. Undefined when it was interrupted. */
export function promptPassword(options: {
  input: ReadStream;
  output: Output;
  question: string;
}): Promise<string | undefined> {
  const { input, output } = options;
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  let typed: string[] = [];
  const finish = (answer: string | undefined): void => {
    input.off('data', onData);
    input.setRawMode(false);
    input.pause();
    output.write('\n').then(() => resolve(answer), reject);
  };
  const onData = (chunk: Buffer): void => {
    for (const char of chunk.toString('utf8')) {
      if (ENTERS.has(char)) return finish(typed.join(''));
      if (INTERRUPTS.has(char)) return finish(undefined);
      if (BACKSPACES.has(char)) typed = typed.slice(0, -1);
      else if (char >= ' ') typed.push(char);
    }
  };
  output.write(options.question).catch(reject);
  input.setRawMode(true);
  input.on('data', onData);
  input.resume();
  return promise;
}
