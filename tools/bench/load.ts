// Drives the generator process: one rate at a time, then the search for the highest rate that a target holds.
import { join } from 'node:path';
import type { Command, Reply, RunResult } from './generator-messages.ts';
import { cpuMicros, diskFlushes, machineCpuMicros, rssKb } from './process-stats.ts';
import type { Target } from './target.ts';

export const P99_MAX_MS = 200;
/** CPU of one core that other programs may take before a run counts as disturbed. */
export const OTHERS_MAX_SHARE = 0.15;
const ACHIEVED_MIN_SHARE = 0.95;
const TEXT_BYTES = 200;
const WARM_UP_RATE = 5_000;
const WARM_UP_SECONDS = 3;
const STEP_SECONDS = 4;
const HALF_SECONDS = 8;
const FIRST_RATE = 20_000;
const RISE = 1.5;
const RATE_MIN = 500;
const REFINEMENTS_COUNT = 3;
const RETRIES_MAX_COUNT = 8;

/** A run, with what it cost the target. */
export interface Measured extends RunResult {
  isHeld: boolean;
  /** CPU time of the target's process in microseconds. */
  targetCpuUs: number;
  targetCpuShare: number;
  /** CPU that went to neither target nor generator: more than a few percent and something disturbed the run. */
  othersCpuShare: number;
  rssKb: number;
  flushesPerSecond: number;
}

export interface LoadReport {
  steps: Measured[];
  /** The highest rate that was held. */
  best: Measured | undefined;
  half: Measured | undefined;
  /** At the rate that another target was measured at, so that their CPU compares: it falls as the load rises. */
  equal: Measured | undefined;
  /** Why the bench failed: lost, repeated, reordered or refused messages. */
  failures: string[];
}

/** Warm-up, search, the run at half the rate found and, where asked for, one at a given rate. */
export async function measureLoad(
  target: Target,
  options: { chats: number; equalRate: number | undefined; log: (line: string) => void },
): Promise<LoadReport> {
  const { chats, equalRate, log } = options;
  await using generator = new Generator();
  const credentials = await target.credentials(0, chats * 2);
  await generator.connect(target.url, credentials);
  const report: LoadReport = { steps: [], best: undefined, half: undefined, equal: undefined, failures: [] };
  const step = async (rate: number, seconds: number): Promise<Measured> => {
    const measured = await generator.measure(target.pid, Math.round(rate), seconds);
    log(`  ${target.name} ${describe(measured)}`);
    report.failures.push(...failuresOf(measured));
    return measured;
  };
  await step(WARM_UP_RATE, WARM_UP_SECONDS);
  let retriesLeft = RETRIES_MAX_COUNT;
  const search = async (rate: number): Promise<Measured> => {
    let measured = await step(rate, STEP_SECONDS);
    for (
      let tries = 1;
      isDoubtfulMiss(measured, tries) && retriesLeft > 0 && report.failures.length === 0;
      tries += 1
    ) {
      retriesLeft -= 1;
      measured = await step(rate, STEP_SECONDS);
    }
    report.steps.push(measured);
    if (measured.isHeld && measured.offeredRate > (report.best?.offeredRate ?? 0)) {
      report.best = measured;
    }
    return measured;
  };
  await findHighest(search, () => report.failures.length > 0);
  if (report.best !== undefined && report.failures.length === 0) {
    report.half = await step(report.best.offeredRate / 2, HALF_SECONDS);
  }
  if (equalRate !== undefined && report.failures.length === 0) {
    report.equal = await step(equalRate, HALF_SECONDS);
  }
  return report;
}

/** Up in large steps while it holds (or down until it does), then halving what lies between. */
async function findHighest(
  search: (rate: number) => Promise<Measured>,
  isOver: () => boolean,
): Promise<void> {
  let held = 0;
  let failed = Number.POSITIVE_INFINITY;
  let rate = FIRST_RATE;
  while ((held === 0 || failed === Number.POSITIVE_INFINITY) && rate >= RATE_MIN && !isOver()) {
    if ((await search(rate)).isHeld) {
      held = rate;
      rate *= RISE;
    } else {
      failed = rate;
      rate /= RISE * RISE;
    }
  }
  for (let i = 0; i < REFINEMENTS_COUNT && held > 0 && !isOver(); i += 1) {
    rate = Math.sqrt(held * failed);
    if ((await search(rate)).isHeld) {
      held = rate;
    } else {
      failed = rate;
    }
  }
}

export class Generator implements AsyncDisposable {
  readonly #child: Bun.Subprocess;
  #waiting: PromiseWithResolvers<Reply> | undefined;

  constructor() {
    this.#child = Bun.spawn([process.execPath, join(import.meta.dir, 'generator.ts')], {
      stdin: 'ignore',
      stdout: 'inherit',
      stderr: 'inherit',
      ipc: (message: Reply) => this.#waiting?.resolve(message),
      onExit: () => this.#waiting?.reject(new Error('The generator ended.')),
    });
  }

  async connect(url: string, credentials: (Command & { kind: 'connect' })['credentials']): Promise<void> {
    await this.#ask({ kind: 'connect', url, credentials, textBytes: TEXT_BYTES });
  }

  async measure(pid: number, rate: number, seconds: number): Promise<Measured> {
    const cpuBefore = cpuMicros(pid);
    const machineBefore = machineCpuMicros();
    const flushesBefore = diskFlushes();
    const result = await this.#ask({ kind: 'run', rate, seconds });
    if (result.kind !== 'result') {
      throw new Error(`A run was answered with ${result.kind}.`);
    }
    const targetCpuUs = cpuMicros(pid) - cpuBefore;
    const othersCpuUs =
      machineCpuMicros() - machineBefore - targetCpuUs - result.cpuShare * result.seconds * 1e6;
    const isInTime = result.ack.p99 <= P99_MAX_MS && result.receive.p99 <= P99_MAX_MS;
    return {
      ...result,
      isHeld:
        isInTime && result.abandoned === 0 && result.achievedRate >= result.offeredRate * ACHIEVED_MIN_SHARE,
      targetCpuUs,
      targetCpuShare: targetCpuUs / (result.seconds * 1e6),
      othersCpuShare: Math.max(0, othersCpuUs / (result.seconds * 1e6)),
      rssKb: rssKb(pid),
      flushesPerSecond: (diskFlushes() - flushesBefore) / result.seconds,
    };
  }

  async #ask(command: Command): Promise<Reply> {
    this.#waiting = Promise.withResolvers<Reply>();
    this.#child.send(command);
    const reply = await this.#waiting.promise;
    if (reply.kind === 'failed') {
      throw new Error(`The generator failed: ${reply.reason}`);
    }
    return reply;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#waiting = undefined;
    if (this.#child.exitCode === null) {
      this.#child.send({ kind: 'stop' } satisfies Command);
    }
    await this.#child.exited;
  }
}

/** A miss that may be the machine's fault: something else ran, or it was near and there was no second try yet. */
function isDoubtfulMiss(run: Measured, tries: number): boolean {
  return !run.isHeld && (run.othersCpuShare > OTHERS_MAX_SHARE || (run.abandoned === 0 && tries === 1));
}

/** A bench that loses is a failed bench; a rate that is too high is not. */
export function failuresOf(run: Measured): string[] {
  const lost = run.acked - run.delivered;
  return [
    ...(lost === 0 ? [] : [`${lost} acknowledged messages did not come to the other member`]),
    ...(run.echoed === run.acked
      ? []
      : [`${run.acked - run.echoed} acknowledged messages did not come back to the sender`]),
    ...(run.refused === 0 ? [] : [`${run.refused} messages were refused`]),
    ...run.faults,
  ];
}

export function describe(run: Measured): string {
  const rate = `${Math.round(run.offeredRate)}/s offered, ${Math.round(run.achievedRate)}/s achieved`;
  const times = `p99 ack ${run.ack.p99.toFixed(1)} receive ${run.receive.p99.toFixed(1)} ms`;
  const shares = [run.targetCpuShare, run.cpuShare, run.othersCpuShare].map(percent).join(', ');
  const cpu = `CPU of it, generator, others ${shares}, lag p99 ${run.lag.p99.toFixed(1)} ms`;
  return `${run.isHeld ? 'held  ' : 'missed'} ${rate}, ${times}, ${cpu}${run.holes > 0 ? `, ${run.holes} holes pulled` : ''}`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
