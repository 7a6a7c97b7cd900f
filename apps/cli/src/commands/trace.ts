// parley trace: the timeline of one message, from the server's hands to people's eyes.
import type { Trace } from '@parley/client';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import type { NameOf } from '../entry-users.ts';
import { clockTime, moment } from '../moment.ts';
import { NameBook } from '../name-book.ts';
import { sanitizeLine } from '../sanitize.ts';
import { Session } from '../session.ts';

const HELP = `
The message_id is in the answer to send, and in history --json. The server remembers for a while when it took the message,
had it on the disk and handed it out.`;

export function addTrace(program: Command, context: CliContext): void {
  addSessionOptions(
    program
      .command('trace')
      .description('show how a message went: stored, delivered, read')
      .argument('<message_id>'),
  )
    .addHelpText('after', HELP)
    .action((id: string, options: SessionOptions) => trace(id, options, context));
}

async function trace(id: string, options: SessionOptions, context: CliContext): Promise<void> {
  if (!/^[1-9][0-9]{0,18}$/.test(id)) {
    throw new CliError({
      code: 'invalid_field',
      field: 'message_id',
      message: `${JSON.stringify(id)} is no message_id: that is a number, as send and history --json show it.`,
    });
  }
  await using session = await Session.open(context, options);
  const timeline = await session.answer(session.client.trace(id));
  const users = [timeline.sender, ...[...timeline.delivered, ...timeline.read].map((row) => row.user_id)];
  const nameOf = await session.answer(new NameBook(session.client).namesOf(users));
  if (context.json) return await context.stdout.json(traceJson(timeline, nameOf));
  for (const line of traceLines(timeline, nameOf)) await context.stdout.line(line);
}

/**
 * {"message_id","conversation_id","seq","sender","at","accepted_at"?,"durable_at"?,"fanned_out_at"?,
 *  "delivered":[{"user","device_id","at"?}],"read":[{"user","at"?}]}
 */
function traceJson(timeline: Trace, nameOf: NameOf): Record<string, unknown> {
  const { type: _type, ref: _ref, sender, delivered, read, ...times } = timeline;
  const named = <Row extends { user_id: Trace['sender'] }>({ user_id, ...row }: Row): object => ({
    user: nameOf(user_id),
    ...row,
  });
  return { ...times, sender: nameOf(sender), delivered: delivered.map(named), read: read.map(named) };
}

function traceLines(timeline: Trace, nameOf: NameOf): string[] {
  const { conversation_id, seq, sender, at, accepted_at, durable_at, fanned_out_at } = timeline;
  const name = (user: Trace['sender']): string => sanitizeLine(nameOf(user));
  const steps: readonly (readonly [at: number | undefined, words: string])[] = [
    [accepted_at, 'the server took it'],
    [durable_at, 'it was on the disk'],
    [fanned_out_at, 'it was handed to the sessions'],
    ...timeline.delivered.map(
      (row) => [row.at, `${name(row.user_id)} has it (device ${row.device_id})`] as const,
    ),
    ...timeline.read.map((row) => [row.at, `${name(row.user_id)} read it`] as const),
  ];
  const lines = steps
    .filter(([when], index) => index > 2 || when !== undefined)
    .map(([when, words]) => `  ${when === undefined ? 'some time     ' : preciseTime(when)}  ${words}`);
  return [
    `Message ${seq} of conversation ${conversation_id}, by ${name(sender)}, ${moment(at).date}`,
    ...lines,
  ];
}

/** 09:05:07.123 */
function preciseTime(atMs: number): string {
  return `${clockTime(atMs)}.${String(new Date(atMs).getMilliseconds()).padStart(3, '0')}  `;
}
