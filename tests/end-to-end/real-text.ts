// Real text from 4 senders into one group while 3 readers follow, one reader and the server being killed again and
// again. Alone: bun tests/end-to-end/real-text.ts [--lines 12000] [--kills 20] [--settle-ms 6000] [--stores KIND]
import { parseArgs } from 'node:util';
import type { Child } from './lib/child.ts';
import { acknowledgedOnce, density, sameAsLog, sameOnceOverStarts } from './lib/log-checks.ts';
import { type Json, parse, Parley } from './lib/parley.ts';
import { pause, within } from './lib/poll.ts';
import { realLines } from './lib/real-lines.ts';
import { Scope } from './lib/scope.ts';
import { Seeded } from './lib/seeded.ts';
import { ServerProcess } from './lib/server-process.ts';
import { TailReader } from './lib/tail-reader.ts';
import { openTestStores, STORES_KINDS, type StoresKind } from './lib/test-stores.ts';

const SENDERS = ['ahab', 'ishmael', 'queequeg', 'starbuck'];
const READERS = ['flask', 'pip', 'stubb'];
const RESTARTED = 'pip';
const CATCH_UP_WITHIN_MS = 60_000;

export interface Options {
  readonly lines: number;
  readonly kills: number;
  /** Between a restart and the next portion: a client's back-off starts over after a session that lived for 5 s. */
  readonly settleMs: number;
  readonly stores: StoresKind;
}

/** Everything that was found; `findings` is empty when all is well. */
export interface Outcome {
  readonly findings: string[];
  readonly entries: number;
  readonly kills: number;
  /** Lines that had no answer yet at the moments of the kills, summed up. */
  readonly unanswered: number;
  readonly readerStarts: number;
}

export async function runRealText(options: Options, scope: Scope): Promise<Outcome> {
  const random = Seeded.printed('real text');
  const parley = new Parley(scope);
  const server = await ServerProcess.start(parley, await openTestStores(options.stores, scope));
  for (const name of [...SENDERS, ...READERS]) await parley.register(name, server.url);
  const conversation = await createGroup(parley);

  const readers = READERS.map((name) => new TailReader(parley, name));
  for (const reader of readers) reader.start();
  const senders = new Senders(parley, conversation, realLines().slice(0, options.lines));

  const restarting = keepRestarting(readers, random);
  const { unanswered, midway } = await sendThroughKills({
    options,
    server,
    senders,
    random,
    parley,
    conversation,
  });
  const codes = await senders.end();
  await restarting.stop();

  const history = await wholeLog(parley, conversation);
  for (const reader of readers) await reader.reaches(history.length, CATCH_UP_WITHIN_MS);
  const readerCodes = await Promise.all(readers.map((reader) => reader.stop()));
  const findings = [
    ...codes.filter((code) => code !== 0).map((code) => `a sender ended with ${code}`),
    ...readerCodes.filter((code) => code !== 0).map((code) => `a reader ended with ${code}`),
    ...(history.length === options.lines + 1 ? [] : [`${history.length} entries for ${options.lines} lines`]),
    ...density(history),
    ...acknowledgedOnce(history, senders.all),
    ...readers.flatMap((reader) => checkReader(history, reader)),
    ...midway,
    ...(await auditRunning({ options, parley, server, conversation })),
  ];
  await server.stop();
  findings.push(...(await auditStopped({ options, parley, server, conversation }, history)));
  const readerStarts = readers.reduce((sum, reader) => sum + reader.starts, 0);
  return { findings, entries: history.length, kills: options.kills, unanswered, readerStarts };
}

async function createGroup(parley: Parley): Promise<string> {
  const members = [...SENDERS.slice(1), ...READERS].flatMap((name) => ['--member', name]);
  const [created] = await parley.json(['group', 'create', 'Pequod', '--profile', 'ahab', ...members]);
  return String(created?.['conversation_id']);
}

/** Four `send --stdin`, each with its own part of the text, fed in as many portions as there are kills, and one more. */
class Senders {
  readonly all: { name: string; lines: string[]; acks: Json[]; child: Child }[];
  #fed = 0;
  #acked = 0;
  #wanted = { count: Infinity, reached: (): void => {} };

  constructor(parley: Parley, conversation: string, lines: readonly string[]) {
    const part = Math.ceil(lines.length / SENDERS.length);
    this.all = SENDERS.map((name, index) => {
      const acks: Json[] = [];
      const args = ['send', '--profile', name, '--conversation', conversation, '--stdin', '--json'];
      const child = parley.spawn(args, { onLine: (line) => this.#ack(acks, line) });
      return { name, acks, child, lines: lines.slice(index * part, (index + 1) * part) };
    });
  }

  get unanswered(): number {
    return this.#fed - this.#acked;
  }

  /** Gives each sender its next lines. Resolves as soon as `answers` of the lines given now have their answer. */
  async feed(portion: number, portions: number, answers: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = { count: this.#acked + answers, reached: resolve };
    for (const { lines, child } of this.all) {
      const size = Math.ceil(lines.length / portions);
      const next = lines.slice(portion * size, (portion + 1) * size);
      this.#fed += next.length;
      await child.write(next.map((line) => `${line}\n`).join(''));
    }
    await within('lines are acknowledged', promise, CATCH_UP_WITHIN_MS);
  }

  /** Resolves with the exit codes. */
  async end(): Promise<(number | null)[]> {
    for (const { child } of this.all) await child.endInput();
    const exits = await within(
      'the senders end',
      Promise.all(this.all.map(({ child }) => child.exited)),
      120_000,
    );
    return exits.map(({ code }) => code);
  }

  #ack(acks: Json[], line: string): void {
    acks.push(parse(line));
    this.#acked++;
    if (this.#acked >= this.#wanted.count) this.#wanted.reached();
  }
}

interface Audited {
  readonly options: Options;
  readonly server: ServerProcess;
  readonly parley: Parley;
  readonly conversation: string;
}

interface Run extends Audited {
  readonly senders: Senders;
  readonly random: Seeded;
}

/** Kills the server in the middle of each portion. Half-way it also audits the data of the running server. */
async function sendThroughKills(run: Run): Promise<{ unanswered: number; midway: string[] }> {
  const { options, server, senders, random } = run;
  const portions = options.kills + 1;
  const perPortion = Math.floor(options.lines / portions);
  let unanswered = 0;
  let midway: string[] = [];
  for (let portion = 0; portion < options.kills; portion++) {
    await senders.feed(portion, portions, random.between(1, Math.floor(perPortion / 2)));
    if (portion === Math.floor(options.kills / 2)) midway = await auditRunning(run);
    unanswered += senders.unanswered;
    await server.kill();
    await pause(random.between(0, 200));
    await server.restart();
    await pause(options.settleMs);
  }
  await senders.feed(options.kills, portions, 1);
  return { unanswered, midway };
}

/** kill -9 for one reader every few seconds, until it is told to stop. */
function keepRestarting(readers: readonly TailReader[], random: Seeded): { stop(): Promise<void> } {
  const reader = readers.find(({ profile }) => profile === RESTARTED);
  const stopped = Promise.withResolvers<void>();
  let going = true;
  const loop = async (): Promise<void> => {
    while (going) {
      await Promise.race([pause(random.between(500, 3_000)), stopped.promise]);
      if (going) await reader?.killAndStart();
    }
  };
  const done = loop();
  return {
    stop: () => {
      going = false;
      stopped.resolve();
      return done;
    },
  };
}

function checkReader(history: readonly string[], reader: TailReader): string[] {
  const views = reader.views();
  const wrong =
    reader.profile === RESTARTED ? sameOnceOverStarts(history, views) : sameAsLog(history, views.flat());
  return [...wrong, ...reader.notices().map((line) => `told: ${line}`)].map(
    (text) => `${reader.profile}: ${text}`,
  );
}

async function wholeLog(parley: Parley, conversation: string): Promise<string[]> {
  return parley.text(['history', '--profile', 'ahab', '--conversation', conversation, '--log', '--json']);
}

/** What `parley audit` finds in a folder. Of engines the log is looked at, at the end. */
async function auditRunning({ options, parley, server }: Audited): Promise<string[]> {
  return options.stores === 'embedded' ? auditFolder(parley, server.directory) : [];
}

/** Engines are asked through a new server, which must find the log as it was. */
async function auditStopped(audited: Audited, history: readonly string[]): Promise<string[]> {
  const { options, parley, server, conversation } = audited;
  if (options.stores === 'embedded') return auditFolder(parley, server.directory);
  await server.restart();
  const log = await wholeLog(parley, conversation);
  await server.stop();
  return sameAsLog(history, log);
}

/** Exit code 0 and not one finding. */
async function auditFolder(parley: Parley, directory: string): Promise<string[]> {
  const { code, stdout, stderr } = await parley.run(['audit', '--data', directory, '--json']);
  if (code !== 0 || !stdout.startsWith('{')) return [`audit: exit code ${code}, ${stdout}${stderr}`];
  const report = parse(stdout.split('\n')[0] ?? '');
  const bad = ['holes', 'duplicate_seqs', 'duplicate_message_ids', 'inbox_behind'].filter(
    (name) => report[name] !== 0,
  );
  return bad.length === 0 ? [] : [`audit: ${stdout}`];
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      lines: { type: 'string', default: '12000' },
      kills: { type: 'string', default: '20' },
      'settle-ms': { type: 'string', default: '6000' },
      stores: { type: 'string', default: 'embedded' },
    },
  });
  await using scope = new Scope();
  const [lines, kills, settleMs] = [values.lines, values.kills, values['settle-ms']].map(Number) as [
    number,
    number,
    number,
  ];
  const stores = STORES_KINDS.find((kind) => kind === values.stores) ?? 'embedded';
  const outcome = await runRealText({ lines, kills, settleMs, stores }, scope);
  console.log(JSON.stringify(outcome));
  process.exitCode = outcome.findings.length === 0 ? 0 : 1;
}
