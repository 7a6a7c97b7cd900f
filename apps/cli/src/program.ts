// The commands of `parley`, and how its arguments are read.
import { Command, CommanderError } from 'commander';
import { CliError, usageError } from './cli-error.ts';
import { addAccountCommands } from './commands/account.ts';
import { addAudit } from './commands/audit.ts';
import { addChat } from './commands/chat.ts';
import { addConversations } from './commands/conversations.ts';
import { addDevices } from './commands/devices.ts';
import { addForward } from './commands/forward.ts';
import { addGroup } from './commands/group.ts';
import { addHistory } from './commands/history.ts';
import { addInvites } from './commands/invite.ts';
import { addMessageChanges } from './commands/message-change.ts';
import { addMigrate } from './commands/migrate.ts';
import { addPeople } from './commands/people.ts';
import { addPersonal } from './commands/personal.ts';
import { addPresence } from './commands/presence.ts';
import { addReading } from './commands/reading.ts';
import { addReply } from './commands/reply.ts';
import { addReports } from './commands/report.ts';
import { addSend } from './commands/send.ts';
import { addServe } from './commands/serve.ts';
import { addTail } from './commands/tail.ts';
import { addTrace } from './commands/trace.ts';
import { addWatch } from './commands/watch.ts';
import type { CliContext } from './context.ts';
import { VERSION } from './version.ts';

const HELP = `
Exit codes: 0 done, 1 refused, 2 the command was not understood. With --json every command prints one JSON object a
line, and an error is one JSON object {"error":{…}} on standard error.

The first chat, in three terminals:
  parley serve
  parley register ada    and then    parley chat --to bob
  parley register bob --profile bob    and then    parley chat --profile bob --to ada`;

/** Runs the command that the arguments name. Rejects with a CliError where it was refused or not understood. */
export async function runProgram(args: readonly string[], context: CliContext): Promise<void> {
  let complaint = '';
  let help = '';
  const program = new Command('parley')
    .description('Chat that people host themselves, and that can prove it loses nothing.')
    .version(VERSION, '--version', 'print the version')
    .option('--json', 'print one JSON object a line (works with every command)')
    // So that the --version of `edit` is its own.
    .enablePositionalOptions()
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void (help += text),
      writeErr: (text) => void (complaint += text),
      outputError: (text) => void (complaint += text),
      getOutHasColors: () => context.colors.isColorSupported,
    });
  addCommands(program, context);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0 || help === '')
      throw asUsageError(error, complaint, knownCommand(program, args));
  }
  if (help !== '') await context.stdout.write(help);
}

/** In the order and under the headings of the help. */
function addCommands(program: Command, context: CliContext): void {
  program.commandsGroup('Serving:');
  addServe(program, context);
  addMigrate(program, context);
  addAudit(program, context);
  program.commandsGroup('Signing in:');
  addAccountCommands(program, context);
  addDevices(program, context);
  program.commandsGroup('Messages:');
  addChat(program, context);
  addSend(program, context);
  addReply(program, context);
  addForward(program, context);
  addMessageChanges(program, context);
  addTail(program, context);
  addHistory(program, context);
  addTrace(program, context);
  program.commandsGroup('Conversations:');
  addConversations(program, context);
  addReading(program, context);
  addPersonal(program, context);
  program.commandsGroup('Groups:');
  addGroup(program, context);
  addInvites(program, context);
  addReports(program, context);
  program.commandsGroup('People:');
  addWatch(program, context);
  addPresence(program, context);
  addPeople(program, context);
}

/** Commander's complaint in our form; where it only shows help, that help. */
function asUsageError(error: CommanderError, complaint: string, command: string): CliError {
  if (error.code === 'commander.help')
    return new CliError({ code: 'usage', message: complaint.trimEnd(), exit: 2 });
  const words = error.message.replace(/^error: /, '');
  const sentence = `${words.charAt(0).toUpperCase()}${words.slice(1)}`.replace(/([^.?!)])$/, '$1.');
  return usageError(`${sentence}\n${command} --help says how it is used.`);
}

/** "parley", and as much of the command as there is, for the hint. */
function knownCommand(program: Command, args: readonly string[]): string {
  const path = [program.name()];
  let command: Command | undefined = program;
  for (const arg of args) {
    if (arg.startsWith('-')) continue;
    command = command.commands.find((candidate) => candidate.name() === arg);
    if (command === undefined) break;
    path.push(arg);
  }
  return path.join(' ');
}
