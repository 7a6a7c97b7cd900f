// `send --stdin`: lines in, results out in the same order, with a bounded number of them under way.
import type { ChatClient, Sent } from '@parley/client';
import { CliError } from './cli-error.ts';
import type { InputLine } from './line-reader.ts';
import type { Extras } from './message-extras.ts';
import { lineTooLong, textProblem } from './message-text.ts';
import { refusalOf } from './sdk-error.ts';

/** Messages that wait for their acknowledgement; the input is not read any further meanwhile. */
export const UNANSWERED_MAX_COUNT = 256;

export type LineResult = { readonly line: number; readonly clientMsgId: string | undefined } & (
  | { readonly kind: 'sent'; readonly sent: Sent }
  | { readonly kind: 'refused'; readonly error: CliError }
);

export interface SendLinesOptions {
  readonly client: Pick<ChatClient, 'send'>;
  readonly conversationId: string;
  readonly lines: AsyncIterable<InputLine>;
  /** Message n gets the id PREFIX-n, where n is the number of its line. */
  readonly prefix: string | undefined;
  /** What every message carries besides its text. */
  readonly extras: Extras;
  readonly profile: string;
  /** Called with each result, in the order of the lines; the next one waits until it resolves. */
  readonly report: (result: LineResult) => Promise<void>;
  /** Waits for an answer no longer than the command may. */
  readonly answer: <T>(asked: Promise<T>) => Promise<T>;
}

/**
 * Sends every line that is not empty, and reports each result as soon as it and those before it are there, also while
 * the input pauses. Rejects when the server did not answer in time or the output is closed.
 */
export async function sendLines(options: SendLinesOptions): Promise<void> {
  const waiting = new WaitingResults();
  await Promise.all([readAndSend(options, waiting), reportInOrder(options, waiting)]);
}

async function readAndSend(options: SendLinesOptions, waiting: WaitingResults): Promise<void> {
  for await (const line of options.lines) {
    if (line.kind === 'line' && line.text === '') continue;
    waiting.push(sendLine(line, options));
    while (waiting.isFull) await waiting.change();
  }
  waiting.end();
}

async function reportInOrder(options: SendLinesOptions, waiting: WaitingResults): Promise<void> {
  for (;;) {
    while (waiting.oldest === undefined && !waiting.ended) await waiting.change();
    const { oldest } = waiting;
    if (oldest === undefined) return;
    await options.report(await options.answer(oldest));
    waiting.shift();
  }
}

/** Results under way, in the order of the lines. Who adds waits only while it is full, who takes while it is empty. */
class WaitingResults {
  readonly #results: Promise<LineResult>[] = [];
  #ended = false;
  #change = Promise.withResolvers<void>();

  get isFull(): boolean {
    return this.#results.length >= UNANSWERED_MAX_COUNT;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get oldest(): Promise<LineResult> | undefined {
    return this.#results[0];
  }

  /** Resolves with the next push, shift or end. */
  change(): Promise<void> {
    return this.#change.promise;
  }

  push(result: Promise<LineResult>): void {
    result.catch(() => {}); // seen by whoever waits for it, or nobody does any more because of an earlier failure
    this.#results.push(result);
    this.#changed();
  }

  shift(): void {
    void this.#results.shift(); // its outcome was reported
    this.#changed();
  }

  end(): void {
    this.#ended = true;
    this.#changed();
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }
}

/** Begins to send before it returns, so that the order of calls is the order of lines. */
function sendLine(line: InputLine, options: SendLinesOptions): Promise<LineResult> {
  const { number } = line;
  const { client, conversationId, prefix, extras, profile } = options;
  const clientMsgId = prefix === undefined ? undefined : `${prefix}-${number}`;
  const refused = (error: CliError): LineResult => ({ line: number, clientMsgId, kind: 'refused', error });
  const where = `Line ${number}: `;
  if (line.kind === 'too_long') return Promise.resolve(refused(lineTooLong(where)));
  const problem = textProblem(line.text, where);
  if (problem !== undefined) return Promise.resolve(refused(problem));
  const more = clientMsgId === undefined ? extras.options : { ...extras.options, clientMsgId };
  return client.send(conversationId, extras.content(line.text), more).then(
    (sent): LineResult => ({ line: number, clientMsgId, kind: 'sent', sent }),
    (error: unknown) => {
      const refusal = refusalOf(error, profile);
      return refused(
        new CliError({
          code: refusal.code,
          message: `${where}${refusal.message}`,
          retry: refusal.retry,
          field: refusal.field,
        }),
      );
    },
  );
}
