// parley tail: follows everything that this device receives. First what was missed, then live, until it is stopped.
import type { AppEntry, ClientEvent } from '@parley/client';
import type { Command } from 'commander';
import { addJsonOption, addProfileOption, type ProfileOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { ConversationLabels } from '../conversation-labels.ts';
import { Ending } from '../ending.ts';
import { entryJson } from '../entry-json.ts';
import { entryLines } from '../entry-lines.ts';
import { eventJson, eventWords, isTelling } from '../event-words.ts';
import { NameBook } from '../name-book.ts';
import { OutputClosedError } from '../output.ts';
import { asCliError } from '../sdk-error.ts';
import { Session } from '../session.ts';

const HELP = `
Prints what was missed, oldest first, then {"queue_empty":true} (without --json: a note on standard error), then what
comes. A message counts as received once its line was written. After a kill -9 or a crash of the server the last lines
may be printed once more on the next run (the same conversation_id and seq); none is left out.
Every "tail" and "chat" of a profile takes from the same queue: sign in under a second profile for a second reader.
Keeps trying while the server is away. Ends on Ctrl-C, on SIGTERM, and when nobody reads its output any more.`;

export function addTail(program: Command, context: CliContext): void {
  const command = program.command('tail').description('follow everything, beginning with what was missed');
  addJsonOption(addProfileOption(command))
    .addHelpText('after', HELP)
    .action((options: ProfileOptions) => tail(options, context));
}

async function tail({ profile }: ProfileOptions, context: CliContext): Promise<void> {
  using ending = new Ending();
  const printer = new TailPrinter(context, ending, profile);
  const session = await Session.prepare(
    context,
    { profile, timeout: 0 },
    { onEntry: (entry) => printer.entry(entry), onEvent: (event) => printer.event(event) },
  );
  printer.use(session);
  session.client.connect().catch((error: unknown) => ending.end({ kind: 'failed', error }));
  const reason = await ending.reason;
  await session.client.close();
  if (reason.kind === 'failed') throw asCliError(reason.error, profile);
}

class TailPrinter {
  readonly #context: CliContext;
  readonly #ending: Ending;
  readonly #profile: string;
  #names: NameBook | undefined;
  #labels: ConversationLabels | undefined;
  #queueEmpty = false;

  constructor(context: CliContext, ending: Ending, profile: string) {
    this.#context = context;
    this.#ending = ending;
    this.#profile = profile;
  }

  use({ client }: Session): void {
    this.#names = new NameBook(client);
    this.#labels = new ConversationLabels(client);
  }

  /** Resolves once the line was written, and only then the entry is acknowledged. */
  async entry(entry: AppEntry): Promise<void> {
    const { json, stdout, colors } = this.#context;
    const nameOf = (await this.#names?.namesFor(entry)) ?? String;
    if (json) return await this.#write(stdout.json(entryJson(entry.conversation_id, entry, nameOf)));
    const label = (await this.#labels?.of(entry)) ?? entry.conversation_id;
    await this.#write(stdout.write(entryLines({ entry, nameOf, place: colors.bold(label), colors })));
  }

  event(event: ClientEvent): void {
    const { json, stdout, stderr } = this.#context;
    if (event.kind === 'queue_empty') {
      if (this.#queueEmpty) return;
      this.#queueEmpty = true;
      this.#later(
        json ? stdout.json({ queue_empty: true }) : stderr.line('-- everything that was missed is above --'),
      );
    } else if (isTelling(event)) {
      this.#later(
        json
          ? stdout.json(eventJson(event))
          : stderr.line(eventWords(event, `conversation ${event.conversation_id}`)),
      );
    } else if (event.kind === 'connection' && event.state.kind === 'closed') {
      const { reason } = event.state;
      if (reason.kind !== 'app')
        this.#ending.end({ kind: 'failed', error: asCliError(reason.error, this.#profile) });
    }
  }

  /** For lines that nobody waits for; a failure to write ends the command all the same. */
  #later(writing: Promise<void>): void {
    this.#write(writing).catch(() => {});
  }

  async #write(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      this.#ending.end(
        error instanceof OutputClosedError ? { kind: 'output_closed' } : { kind: 'failed', error },
      );
      throw error;
    }
  }
}
