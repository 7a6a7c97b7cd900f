// `npm run bench:fan-out`: what one send costs as a group grows, and how soon a thousand viewers have it, beside a floor.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { FanOutCommand, FanOutReply } from './fan-out-messages.ts';
import { OTHERS_MAX_SHARE, percent } from './load.ts';
import { cpuMicros, machineCpuMicros } from './process-stats.ts';
import { rowsChangedBy, type RowsChanged } from './row-changes.ts';
import { columns, quantile } from './columns.ts';
import { startFloor, startServer, stopTargets } from './target.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10,100,1000,5000' },
    viewers: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '200' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});

/** LARGE-1: groups of this many members and more are read and not written to. */
const THRESHOLD = 100;
/** The same in every group, so that only the members who are away grow. */
const CONNECTED_COUNT = 8;
const SEND_SECONDS = 5;
const WARM_UP_SENDS = 3_000;
const IDLE_MS = 2_000;
/** Until what a send leaves to be stored later is stored. */
const ROWS_SETTLE_MS = 2_500;
const ROUNDS_PER_TURN = 50;
const GROWTH_MAX_SHARE = 0.25;
const DIFFERENCE_MAX_MS = 5;

interface OfSize {
  readonly size: number;
  readonly members: number;
  readonly cpuUsPerSend: number;
  readonly idleCpuShare: number;
  readonly sendsPerSecond: number;
  readonly ackMs: readonly number[];
  readonly rows: RowsChanged;
  readonly othersCpuShare: number;
}

interface Rounds {
  readonly lastMs: number[];
  readonly ackMs: number[];
  bytes: number;
  cpuUs: number;
  seconds: number;
}

const log = (line: string): void => console.error(line);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopTargets().finally(() => process.exit(130)));
}

class Clients implements AsyncDisposable {
  readonly #child: Bun.Subprocess;
  #waiting: PromiseWithResolvers<FanOutReply> | undefined;

  constructor() {
    this.#child = Bun.spawn([process.execPath, join(import.meta.dir, 'fan-out-client.ts')], {
      stdin: 'ignore',
      stdout: 'inherit',
      stderr: 'inherit',
      ipc: (message: FanOutReply) => this.#waiting?.resolve(message),
      onExit: () => this.#waiting?.reject(new Error('The client process ended.')),
    });
  }

  async ask<Kind extends FanOutReply['kind']>(
    command: FanOutCommand,
    kind: Kind,
  ): Promise<Extract<FanOutReply, { kind: Kind }>> {
    this.#waiting = Promise.withResolvers<FanOutReply>();
    this.#child.send(command);
    const reply = await this.#waiting.promise;
    if (reply.kind !== kind) throw new Error(`${command.kind}: ${JSON.stringify(reply)}`);
    return reply as Extract<FanOutReply, { kind: Kind }>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#waiting = undefined;
    if (this.#child.exitCode === null) this.#child.send({ kind: 'stop' } satisfies FanOutCommand);
    await this.#child.exited;
  }
}

const sizes = values.sizes.split(',').map(Number);
const viewersCount = Number(values.viewers);
await using server = await startServer(values.dir);
await using floor = await startFloor(values.dir, 'fan-out-floor.ts');
await using clients = new Clients();
const usersCount = Math.max(...sizes, viewersCount + CONNECTED_COUNT);
const credentials = await server.credentials(0, usersCount);
log(`${usersCount} users sign in; ${CONNECTED_COUNT} of them stay`);
await clients.ask({ kind: 'users', url: server.url, credentials, connected: CONNECTED_COUNT }, 'ready');
const warm = await clients.ask({ kind: 'group', size: CONNECTED_COUNT }, 'group');
await clients.ask({ kind: 'send', group: warm.group, seconds: SEND_SECONDS, count: WARM_UP_SENDS }, 'sent');

const bySize: OfSize[] = [];
for (const size of sizes) bySize.push(await measureSize(size));
const turns = await measureViewers();
console.log(values.json ? JSON.stringify({ bySize, ...turns }) : `${sizeTable()}\n\n${viewTable(turns)}`);
for (const line of verdicts()) log(line);

async function measureSize(size: number): Promise<OfSize> {
  const { group, members } = await clients.ask({ kind: 'group', size }, 'group');
  log(`a group of ${members}`);
  const idleBefore = cpuMicros(server.pid);
  await Bun.sleep(IDLE_MS);
  const idleCpuShare = (cpuMicros(server.pid) - idleBefore) / (IDLE_MS * 1_000);
  const cpuBefore = cpuMicros(server.pid);
  const machineBefore = machineCpuMicros();
  const all = { kind: 'send', group, seconds: SEND_SECONDS, count: Number.MAX_SAFE_INTEGER } as const;
  const { count, seconds, ackMs, cpuUs } = await clients.ask(all, 'sent');
  const used = cpuMicros(server.pid) - cpuBefore;
  const others = machineCpuMicros() - machineBefore - used - cpuUs;
  const rows = await medianRows(group);
  return {
    size,
    members,
    cpuUsPerSend: (used - idleCpuShare * seconds * 1e6) / count,
    idleCpuShare,
    sendsPerSecond: count / seconds,
    ackMs,
    rows,
    othersCpuShare: Math.max(0, others / (seconds * 1e6)),
  };
}

/** Of three sends, each on its own: other things are stored now and then. */
async function medianRows(group: string): Promise<RowsChanged> {
  const all: RowsChanged[] = [];
  for (let i = 0; i < 3; i += 1) {
    const one = async (): Promise<void> => {
      await clients.ask({ kind: 'send', group, seconds: SEND_SECONDS, count: 1 }, 'sent');
      await Bun.sleep(ROWS_SETTLE_MS);
    };
    all.push(await rowsChangedBy(server.folder, one));
  }
  return all.toSorted((one, other) => one.count - other.count)[1] as RowsChanged;
}

/** Server and floor in turns, so that whatever else the machine does falls on both. */
async function measureViewers(): Promise<{ server: Rounds; floor: Rounds; othersCpuShare: number }> {
  const { group } = await clients.ask({ kind: 'group', size: viewersCount + CONNECTED_COUNT }, 'group');
  log(`${viewersCount} members view a group`);
  const shown = credentials.slice(CONNECTED_COUNT, CONNECTED_COUNT + viewersCount);
  await clients.ask({ kind: 'view', group, floorUrl: floor.url, credentials: shown }, 'ready');
  for (const on of ['server', 'floor'] as const)
    await clients.ask({ kind: 'rounds', on, count: ROUNDS_PER_TURN / 2 }, 'rounds');
  const sums = { server: none(), floor: none() };
  const machineBefore = machineCpuMicros();
  const ownBefore = cpuMicros(server.pid) + cpuMicros(floor.pid);
  for (let left = Number(values.rounds); left > 0; left -= ROUNDS_PER_TURN) {
    for (const on of ['server', 'floor'] as const) {
      const turn = await clients.ask(
        { kind: 'rounds', on, count: Math.min(left, ROUNDS_PER_TURN) },
        'rounds',
      );
      const sum = sums[on];
      sum.lastMs.push(...turn.lastMs);
      sum.ackMs.push(...turn.ackMs);
      sum.bytes = turn.bytes;
      sum.cpuUs += turn.cpuUs;
      sum.seconds += turn.seconds;
    }
  }
  const known =
    cpuMicros(server.pid) + cpuMicros(floor.pid) - ownBefore + sums.server.cpuUs + sums.floor.cpuUs;
  const seconds = sums.server.seconds + sums.floor.seconds;
  const othersCpuShare = Math.max(0, (machineCpuMicros() - machineBefore - known) / (seconds * 1e6));
  return { ...sums, othersCpuShare };
}

function none(): Rounds {
  return { lastMs: [], ackMs: [], bytes: 0, cpuUs: 0, seconds: 0 };
}

function sizeTable(): string {
  return columns([
    ['members', `server CPU-us/send`, 'rows written/send', 'ack p50 / p99 ms', 'sends/s', 'CPU of others'],
    ...bySize.map((of) => [
      of.members.toLocaleString('en-US'),
      of.cpuUsPerSend.toFixed(0),
      `${of.rows.count} (${Object.entries(of.rows.byTable)
        .map(([table, count]) => `${table} ${count}`)
        .join(', ')})`,
      `${quantile(of.ackMs, 0.5).toFixed(2)} / ${quantile(of.ackMs, 0.99).toFixed(2)}`,
      of.sendsPerSecond.toFixed(0),
      percent(of.othersCpuShare),
    ]),
  ]);
}

function viewTable(turns: { server: Rounds; floor: Rounds; othersCpuShare: number }): string {
  const p50 = quantile(turns.server.lastMs, 0.5) - quantile(turns.floor.lastMs, 0.5);
  const row = (name: string, of: Rounds): string[] => [
    name,
    quantile(of.lastMs, 0.5).toFixed(2),
    quantile(of.lastMs, 0.99).toFixed(2),
    of.ackMs.length === 0 ? '-' : quantile(of.ackMs, 0.5).toFixed(2),
    `${of.bytes}`,
    `${of.lastMs.length}`,
  ];
  const head = [
    `send to the last of ${viewersCount} viewers`,
    'p50 ms',
    'p99 ms',
    'ack p50 ms',
    'bytes',
    'rounds',
  ];
  const lines = columns([head, row('server', turns.server), row('floor', turns.floor)]);
  return `${lines}\ndifference of p50: ${p50.toFixed(2)} ms (CPU of others ${percent(turns.othersCpuShare)})`;
}

function verdicts(): string[] {
  const large = bySize.filter((of) => of.size >= THRESHOLD);
  const [least, most] = [large[0], large.at(-1)];
  const doubtful = [...bySize.map((of) => of.othersCpuShare), turns.othersCpuShare].some(
    (share) => share > OTHERS_MAX_SHARE,
  );
  const difference = quantile(turns.server.lastMs, 0.5) - quantile(turns.floor.lastMs, 0.5);
  const lines = [
    `${difference <= DIFFERENCE_MAX_MS ? 'met:    ' : 'NOT met:'} ${difference.toFixed(2)} ms over the floor (aim: at most ${DIFFERENCE_MAX_MS} ms)`,
  ];
  if (least !== undefined && most !== undefined && least !== most) {
    const growth = most.cpuUsPerSend / least.cpuUsPerSend - 1;
    const stops = growth <= GROWTH_MAX_SHARE && most.rows.count <= least.rows.count;
    lines.unshift(
      `${stops ? 'met:    ' : 'NOT met:'} from ${least.members} to ${most.members} members CPU per send changes by ${percent(growth)} and rows by ${most.rows.count - least.rows.count} (aim: it stops growing from ${THRESHOLD} members on)`,
    );
  }
  if (doubtful) lines.push('doubtful: other programs took CPU: run it again on a quiet machine');
  return lines;
}
