// Lines in, results out: in order, bounded, and one bad line does not stop the rest.
import { describe, expect, test } from 'bun:test';
import { ParleyError, type Sent } from '@parley/client';
import { fault } from '@parley/protocol/error-code';
import { clientMsgIdSchema, conversationIdSchema, messageIdSchema } from '@parley/protocol/ids';
import { TEXT_MAX_UNITS } from '@parley/protocol/limits';
import type { InputLine } from './line-reader.ts';
import { sendLines, UNANSWERED_MAX_COUNT, type LineResult } from './send-lines.ts';

interface Call {
  readonly text: string;
  readonly id: string | undefined;
  readonly stored: () => void;
  readonly refused: (error: unknown) => void;
}

class FakeClient {
  readonly calls: Call[] = [];
  send(conversationId: string, content: unknown, options: { clientMsgId?: string } = {}): Promise<Sent> {
    const { promise, resolve, reject } = Promise.withResolvers<Sent>();
    const seq = this.calls.length + 1;
    const sent: Sent = {
      conversation_id: conversationIdSchema.parse(conversationId),
      seq,
      message_id: messageIdSchema.parse(String(8000 + seq)),
      client_msg_id: clientMsgIdSchema.parse(options.clientMsgId ?? `auto-${seq}`),
      at: 1,
    };
    this.calls.push({
      text: String(content),
      id: options.clientMsgId,
      stored: () => resolve(sent),
      refused: reject,
    });
    return promise;
  }
}

async function* lines(texts: Iterable<string>): AsyncGenerator<InputLine> {
  let number = 0;
  for (const text of texts) yield await Promise.resolve({ kind: 'line', number: ++number, text } as const);
}

function begin(
  input: AsyncIterable<InputLine>,
  prefix?: string,
): { client: FakeClient; results: LineResult[]; done: Promise<void> } {
  const client = new FakeClient();
  const results: LineResult[] = [];
  const done = sendLines({
    client,
    conversationId: '70',
    lines: input,
    prefix,
    extras: { content: (text) => text, options: {} },
    profile: 'default',
    report: (result) => {
      results.push(result);
      return Promise.resolve();
    },
    answer: (asked) => asked,
  });
  return { client, results, done };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('sendLines', () => {
  test('results come in the order of the lines, whatever the order of the answers', async () => {
    const { client, results, done } = begin(lines(['a', 'b', 'c']));
    await settled();
    for (const call of client.calls.toReversed()) call.stored();
    await done;
    expect(client.calls.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    expect(results.map(({ line, kind }) => [line, kind])).toEqual([
      [1, 'sent'],
      [2, 'sent'],
      [3, 'sent'],
    ]);
  });

  test('empty lines are skipped and keep their numbers; ids come from the number of the line', async () => {
    const { client, results, done } = begin(lines(['a', '', 'c']), 'P');
    await settled();
    for (const call of client.calls) call.stored();
    await done;
    expect(client.calls.map(({ id }) => id)).toEqual(['P-1', 'P-3']);
    expect(results.map(({ line }) => line)).toEqual([1, 3]);
  });

  test('a line over the limit and a refusal name their lines, and the rest goes on', async () => {
    const { client, results, done } = begin(lines(['x'.repeat(TEXT_MAX_UNITS + 1), 'b', 'c']));
    await settled();
    client.calls[0]!.refused(
      new ParleyError(fault('not_member', 'you are not a member of this conversation')),
    );
    client.calls[1]!.stored();
    await done;
    expect(
      results.map((result) =>
        result.kind === 'refused' ? [result.error.code, result.error.message] : 'sent',
      ),
    ).toEqual([
      [
        'invalid_field',
        'Line 1: The text is too long: it has 8,001 characters; the most is 8,000. It was not sent.',
      ],
      ['not_member', 'Line 2: You are not a member of this conversation.'],
      'sent',
    ]);
  });

  test('a line that was too long to keep is refused, and the rest goes on', async () => {
    async function* input(): AsyncGenerator<InputLine> {
      yield await Promise.resolve({ kind: 'too_long', number: 1 } as const);
      yield { kind: 'line', number: 2, text: 'b' };
    }
    const { client, results, done } = begin(input());
    await settled();
    client.calls[0]!.stored();
    await done;
    expect(results.map(({ kind }) => kind)).toEqual(['refused', 'sent']);
  });

  test('the input is not read any further while too many are unanswered', async () => {
    const count = UNANSWERED_MAX_COUNT + 50;
    const { client, results, done } = begin(lines(Array.from({ length: count }, (_, index) => `m${index}`)));
    while (client.calls.length < UNANSWERED_MAX_COUNT) await settled();
    await settled();
    expect([client.calls.length, results.length]).toEqual([UNANSWERED_MAX_COUNT, 0]);
    client.calls[0]!.stored();
    while (client.calls.length === UNANSWERED_MAX_COUNT) await settled();
    expect(client.calls.length).toBe(UNANSWERED_MAX_COUNT + 1);
    while (results.length < count) {
      for (const call of client.calls) call.stored();
      await settled();
    }
    await done;
  });

  test('a result is reported when it is there, also while the input pauses', async () => {
    const paused = Promise.withResolvers<void>();
    async function* input(): AsyncGenerator<InputLine> {
      yield await Promise.resolve({ kind: 'line', number: 1, text: 'a' } as const);
      await paused.promise;
    }
    const { client, results, done } = begin(input());
    await settled();
    client.calls[0]!.stored();
    await settled();
    expect(results.map(({ kind }) => kind)).toEqual(['sent']);
    paused.resolve();
    await done;
  });

  test('what is no refusal ends it: a defect is not taken for an answer', async () => {
    const { client, done } = begin(lines(['a']));
    await settled();
    client.calls[0]!.refused(new TypeError('defect'));
    const failure: unknown = await done.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TypeError);
  });
});
