// The bench's figures as a table that a person reads, server and floor side by side.
import type { ConnectionsReport } from './connections.ts';
import type { Latency } from './generator-messages.ts';
import { OTHERS_MAX_SHARE, P99_MAX_MS, percent, type LoadReport, type Measured } from './load.ts';

export interface TargetReport {
  fsync: string;
  load: LoadReport;
  connections: ConnectionsReport;
}

export const RATIO_MIN = 0.4;
export const RSS_PER_CONNECTION_MAX_KB = 6;
const FLUSHES_MIN_PER_SECOND = 5;
const GENERATOR_MAX_SHARE = 0.9;

type Row = [name: string, of: (report: TargetReport) => string];

const ROWS: Row[] = [
  ['fsync', (report) => report.fsync.split(' (')[0] ?? ''],
  [
    `most sends/s, p99 of ack and receive <= ${P99_MAX_MS} ms`,
    (report) => ofBest(report, (run) => whole(run.offeredRate)),
  ],
  ['  achieved sends/s', (report) => ofBest(report, (run) => whole(run.achievedRate))],
  ['  delivered / expected', (report) => ofBest(report, (run) => `${run.delivered} / ${run.acked}`)],
  ['  ack p50 / p99 / p99.9 / max ms', (report) => ofBest(report, (run) => times(run.ack))],
  ['  receive p50 / p99 / p99.9 / max ms', (report) => ofBest(report, (run) => times(run.receive))],
  ['  CPU-us per delivery', (report) => ofBest(report, cpuPerDelivery)],
  ['  CPU of it / generator / others', (report) => ofBest(report, shares)],
  ["  generator's lag p99 / max ms", (report) => ofBest(report, lag)],
  ['  disk flushes/s', (report) => ofBest(report, (run) => whole(run.flushesPerSecond))],
  ['at half of that: offered / achieved sends/s', (report) => ofHalf(report, rates)],
  ['  delivered / expected', (report) => ofHalf(report, (run) => `${run.delivered} / ${run.acked}`)],
  ['  ack p50 / p99 / p99.9 / max ms', (report) => ofHalf(report, (run) => times(run.ack))],
  ['  receive p50 / p99 / p99.9 / max ms', (report) => ofHalf(report, (run) => times(run.receive))],
  ['  CPU-us per delivery', (report) => ofHalf(report, cpuPerDelivery)],
  ['  CPU of it / generator / others', (report) => ofHalf(report, shares)],
  ["  generator's lag p99 / max ms", (report) => ofHalf(report, lag)],
  ['  disk flushes/s', (report) => ofHalf(report, (run) => whole(run.flushesPerSecond))],
  ['  RSS after it, MB', (report) => ofHalf(report, (run) => (run.rssKb / 1024).toFixed(0))],
  ["at the server's half rate: offered / achieved sends/s", (report) => ofEqual(report, rates)],
  ['  CPU-us per delivery', (report) => ofEqual(report, cpuPerDelivery)],
  ['  ack p50 / p99 / p99.9 / max ms', (report) => ofEqual(report, (run) => times(run.ack))],
  ['  CPU of it / generator / others', (report) => ofEqual(report, shares)],
  ['connections, signed in, 2 conversations each', (report) => `${report.connections.count}`],
  [
    '  RSS before / after, MB',
    ({ connections }) => `${mb(connections.rssBeforeKb)} / ${mb(connections.rssAfterKb)}`,
  ],
  ['  RSS per connection, KB', ({ connections }) => connections.rssPerConnectionKb.toFixed(2)],
  [
    '  kernel slab per connection, both ends, KB',
    ({ connections }) => connections.slabPerConnectionKb.toFixed(1),
  ],
  ['errors', (report) => `${failuresOf(report).length}`],
];

/** One line a figure. Either side may be missing when only the other was measured. */
export function table(server: TargetReport | undefined, floor: TargetReport | undefined): string {
  const cell = (report: TargetReport | undefined, row: Row): string =>
    report === undefined ? '-' : row[1](report);
  const lines: [string, string, string][] = [
    ['', 'server', 'floor'],
    ...ROWS.map((row): [string, string, string] => [row[0], cell(server, row), cell(floor, row)]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What the product aims at, and whether this run got there. */
export function verdicts(server: TargetReport, floor: TargetReport): string[] {
  const mine = server.load.best?.offeredRate ?? 0;
  const ratio = mine / (floor.load.best?.offeredRate ?? Number.NaN);
  const rss = server.connections.rssPerConnectionKb;
  return [
    `${mark(ratio >= RATIO_MIN)} ${percent(ratio)} of the floor's sends/s (aim: at least ${percent(RATIO_MIN)})`,
    `${mark(rss <= RSS_PER_CONNECTION_MAX_KB)} ${rss.toFixed(2)} KB RSS per connection (aim: at most ${RSS_PER_CONNECTION_MAX_KB} KB)`,
  ];
}

/** Why the figures may be the machine's or the generator's and not the target's. */
export function doubtsOf(report: TargetReport): string[] {
  const runs = [report.load.best, report.load.half].filter((run) => run !== undefined);
  const others = Math.max(0, ...runs.map((run) => run.othersCpuShare));
  const generator = Math.max(0, ...runs.map((run) => run.cpuShare));
  const misses = report.load.steps.filter((run) => !run.isHeld && run.othersCpuShare > OTHERS_MAX_SHARE);
  return [
    ...(others > OTHERS_MAX_SHARE
      ? [`other programs took ${percent(others)} of a core: run it again on a quiet machine`]
      : []),
    ...(misses.length > 0
      ? [`${misses.length} rates were missed while other programs ran: the search ended too low`]
      : []),
    ...(generator > GENERATOR_MAX_SHARE
      ? [`the generator took ${percent(generator)} of a core: it was the bottleneck`]
      : []),
  ];
}

/** Lost, repeated, reordered or refused: whatever else was measured then does not count. */
export function failuresOf(report: TargetReport): string[] {
  const flushes = report.load.half?.flushesPerSecond ?? 0;
  return [
    ...report.load.failures,
    ...(report.load.best === undefined ? ['no rate was held'] : []),
    ...(flushes < FLUSHES_MIN_PER_SECOND
      ? ['the disk saw hardly a flush: does the data lie in memory?']
      : []),
    ...report.connections.failures,
  ];
}

function ofBest(report: TargetReport, of: (run: Measured) => string): string {
  return report.load.best === undefined ? '-' : of(report.load.best);
}

function ofHalf(report: TargetReport, of: (run: Measured) => string): string {
  return report.load.half === undefined ? '-' : of(report.load.half);
}

/** The server's own half rate is the rate that the floor is then asked for too. */
function ofEqual({ load }: TargetReport, of: (run: Measured) => string): string {
  const run = load.equal ?? load.half;
  return run === undefined ? '-' : of(run);
}

function cpuPerDelivery(run: Measured): string {
  return (run.targetCpuUs / run.delivered).toFixed(1);
}

function shares(run: Measured): string {
  return [run.targetCpuShare, run.cpuShare, run.othersCpuShare].map(percent).join(' / ');
}

function lag(run: Measured): string {
  return `${run.lag.p99.toFixed(1)} / ${run.lag.max.toFixed(1)}`;
}

function rates(run: Measured): string {
  return `${whole(run.offeredRate)} / ${whole(run.achievedRate)}`;
}

function times(latency: Latency): string {
  return [latency.p50, latency.p99, latency.p999, latency.max].map((ms) => ms.toFixed(1)).join(' / ');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function mb(kb: number): string {
  return (kb / 1024).toFixed(1);
}

function mark(isMet: boolean): string {
  return isMet ? 'met:    ' : 'NOT met:';
}
