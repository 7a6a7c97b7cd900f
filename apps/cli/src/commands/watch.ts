// parley watch: makes users contacts, shows whether they are there, then each change until it is stopped.
import type { ClientEvent, PresenceRow, UserView } from '@parley/client';
import type { Command } from 'commander';
import { addJsonOption, addProfileOption, wholeNumber, type ProfileOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { Ending } from '../ending.ts';
import { OutputClosedError } from '../output.ts';
import { presenceJson, presenceWords } from '../presence-text.ts';
import { asCliError } from '../sdk-error.ts';
import { Session } from '../session.ts';
import { usersNamed } from '../users-named.ts';

const FOR_MAX_S = 86_400;

interface WatchOptions extends ProfileOptions {
  readonly for?: number;
}

const HELP = `
They stay your contacts, on all your devices: unwatch ends that. A line for each of them comes first, then one for each
change. While there is no connection nothing is known; afterwards what changed meanwhile is told. Whom you watch may see
you where your visibility is "contacts" (parley settings). Ends on Ctrl-C, on SIGTERM, and after --for seconds.`;

export function addWatch(program: Command, context: CliContext): void {
  const command = program
    .command('watch')
    .description('watch users: who is there now, then each change')
    .argument('<name...>')
    .option('--for <seconds>', 'end after so long', wholeNumber(1, FOR_MAX_S));
  addJsonOption(addProfileOption(command))
    .addHelpText('after', HELP)
    .action((names: string[], options: WatchOptions) => watch(names, options, context));
}

async function watch(
  names: readonly string[],
  { profile, for: forS }: WatchOptions,
  context: CliContext,
): Promise<void> {
  using ending = new Ending();
  const printer = new PresencePrinter(context, ending);
  const onEvent = (event: ClientEvent): void => {
    if (event.kind === 'presence') printer.changed(event.rows);
    if (event.kind !== 'connection' || event.state.kind !== 'closed' || event.state.reason.kind === 'app')
      return;
    ending.end({ kind: 'failed', error: event.state.reason.error });
  };
  const session = await Session.prepare(context, { profile, timeout: 0 }, { onEvent });
  const begin = async (): Promise<void> => {
    await session.answer(session.client.connect());
    const users = await usersNamed(session, names);
    printer.expect(users);
    printer.begin(await session.answer(session.client.presence.watch(users)));
  };
  begin().catch((error: unknown) => ending.end({ kind: 'failed', error }));
  const timer = setTimeout(() => ending.end({ kind: 'asked' }), (forS ?? FOR_MAX_S) * 1_000);
  if (forS === undefined) clearTimeout(timer);
  const reason = await ending.reason;
  clearTimeout(timer);
  await session.client.close();
  if (reason.kind === 'failed') throw asCliError(reason.error, profile);
}

/** Prints a row of a watched user when it says something else than the last one: {"user","state","last_seen"?} */
class PresencePrinter {
  readonly #context: CliContext;
  readonly #ending: Ending;
  #users: readonly UserView[] = [];
  /** The last row of each, by id; `said` is what was printed of it. */
  readonly #rows = new Map<string, { readonly row: PresenceRow; readonly said: string }>();
  #begun = false;

  constructor(context: CliContext, ending: Ending) {
    this.#context = context;
    this.#ending = ending;
  }

  expect(users: readonly UserView[]): void {
    this.#users = users;
  }

  /** The snapshot, in the order of the names; what an event said since the answer was made is newer. */
  begin(answer: readonly PresenceRow[]): void {
    this.#begun = true;
    const answered = new Map(answer.map((row) => [row.user_id, row]));
    for (const { user_id, name } of this.#users) {
      const row = this.#rows.get(user_id)?.row ?? answered.get(user_id) ?? { user_id, state: 'offline' };
      this.#show(row, name);
    }
  }

  changed(rows: readonly PresenceRow[]): void {
    for (const row of rows) {
      const name = this.#users.find(({ user_id }) => user_id === row.user_id)?.name;
      if (name === undefined) continue;
      if (this.#begun) this.#show(row, name);
      else this.#rows.set(row.user_id, { row, said: '' });
    }
  }

  #show(row: PresenceRow, name: string): void {
    const fields = presenceJson(row, name);
    const said = JSON.stringify(fields);
    if (this.#rows.get(row.user_id)?.said === said) return;
    this.#rows.set(row.user_id, { row, said });
    const { json, stdout } = this.#context;
    const writing = json ? stdout.json(fields) : stdout.line(presenceWords(row, name));
    writing.catch((error: unknown) =>
      this.#ending.end(
        error instanceof OutputClosedError ? { kind: 'output_closed' } : { kind: 'failed', error },
      ),
    );
  }
}
