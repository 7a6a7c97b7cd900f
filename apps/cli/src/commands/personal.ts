// parley mute, archive, follow, threads: what one keeps about conversations, for oneself alone.
import type { StandingView } from '@parley/client';
import type { Command } from 'commander';
import { usageError } from '../cli-error.ts';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { conversationLabel } from '../conversation-target.ts';
import { durationSeconds } from '../duration.ts';
import { addConversationOptions, inConversation, seqNumber } from '../in-conversation.ts';
import type { ConversationOptions, OpenedConversation } from '../in-conversation.ts';
import { plural } from '../plural.ts';
import { Session } from '../session.ts';
import { MUTED_FOR_GOOD_MS, mutedWords, standingJson } from '../standing.ts';
import { tell } from '../tell.ts';

const ID_WIDTH = 20;
const SEQ_WIDTH = 6;
const MUTE_MAX_S = 10 * 365 * 86_400;

interface OffOptions extends ConversationOptions {
  readonly off?: boolean;
}

interface MuteOptions extends OffOptions {
  readonly for?: number;
}

interface FollowOptions extends OffOptions {
  readonly thread: number;
}

export function addPersonal(program: Command, context: CliContext): void {
  addConversationOptions(program.command('mute').description('no notifications of a conversation'))
    .option('--for <duration>', 'for so long, such as 30m, 8h or 7d', durationSeconds(MUTE_MAX_S))
    .option('--off', 'take it back')
    .action((options: MuteOptions) => mute(options, context));
  addConversationOptions(program.command('archive').description('put a conversation away'))
    .option('--off', 'take it back')
    .action((options: OffOptions) =>
      changeStanding(options, context, {
        make: ({ session, conversation }) =>
          session.client.reading.archive(conversation.conversation_id, options.off !== true),
        words: ({ archived }) => (archived === true ? 'archived' : 'not archived any more'),
      }),
    );
  addConversationOptions(
    program.command('follow').description('follow a thread: what is answered in it counts as a mention'),
  )
    .requiredOption('--thread <seq>', 'the number of its first message', seqNumber)
    .option('--off', 'follow it no more')
    .action((options: FollowOptions) =>
      inConversation(options, context, (opened) => follow(opened, options, context)),
    );
  addSessionOptions(program.command('threads').description('list the threads that you follow')).action(
    (options: SessionOptions) => listThreads(options, context),
  );
}

async function mute(options: MuteOptions, context: CliContext): Promise<void> {
  const { off, for: forS } = options;
  if (off === true && forS !== undefined) throw usageError('--for and --off exclude one another.');
  await changeStanding(options, context, {
    make: ({ session, conversation }) => {
      const { state, reading } = session.client;
      const { conversation_id } = conversation;
      if (off === true) return reading.mute(conversation_id);
      if (forS === undefined) return reading.mute(conversation_id, MUTED_FOR_GOOD_MS);
      if (state.kind !== 'online') throw session.timedOut();
      // By the server's clock, which is the one that counts.
      return reading.mute(conversation_id, state.welcome.server_time + forS * 1_000);
    },
    words: mutedWords,
  });
}

interface StandingChange {
  readonly make: (opened: OpenedConversation) => Promise<StandingView>;
  readonly words: (standing: StandingView) => string;
}

/** -> the standing of the conversation from now on */
export async function changeStanding(
  options: ConversationOptions,
  context: CliContext,
  { make, words }: StandingChange,
): Promise<void> {
  await inConversation(options, context, async (opened) => {
    const standing = await opened.session.answer(make(opened));
    const label = conversationLabel(opened.conversation);
    await tell(context, standingJson(standing), `${label} is ${words(standing)}.`);
  });
}

/** -> {"conversation_id","thread","following"} */
async function follow(
  { session, conversation }: OpenedConversation,
  { thread, off }: FollowOptions,
  context: CliContext,
): Promise<void> {
  const { conversation_id } = conversation;
  const following = off !== true;
  await session.answer(session.client.reading.followThread(conversation_id, thread, following));
  const words = following ? 'You follow' : 'You do not follow';
  await tell(
    context,
    { conversation_id, thread, following },
    `${words} the thread of message ${thread} of ${conversationLabel(conversation)}.`,
  );
}

/** -> a line each: {"conversation_id","thread","replies","last_reply"?} */
async function listThreads(options: SessionOptions, context: CliContext): Promise<void> {
  await using session = await Session.open(context, options);
  let count = 0;
  for await (const row of session.answers(session.client.reading.threads())) {
    count++;
    const { conversation_id, thread, replies, last_reply } = row;
    const last = last_reply === undefined ? '' : `, the last is ${last_reply}`;
    await tell(
      context,
      { conversation_id, thread, replies, ...(last_reply === undefined ? {} : { last_reply }) },
      `${conversation_id.padEnd(ID_WIDTH)} ${String(thread).padStart(SEQ_WIDTH)}  ${plural(replies, 'reply', 'replies')}${last}`,
    );
  }
  if (count === 0 && !context.json) await context.stdout.line('You follow no thread.');
}
