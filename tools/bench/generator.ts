// The load generator, a process of its own: open loop, sends at fixed times, latency from the scheduled time.
import type { OpenDirect } from '@parley/protocol/conversation';
import { build, type Histogram } from 'hdr-histogram-js';
import { ChatEnd, type Tally } from './chat-end.ts';
import type { Command, Latency, Reply, RunResult } from './generator-messages.ts';
import { cpuMicros } from './process-stats.ts';
import { openWireSession, type Credential, type WireSession } from './wire-session.ts';

const TICK_MS = 1;
const HEARTBEAT_MS = 4_000;
const MARK_EVERY_MS = 1_000;
const GIVE_UP_ACK_MS = 1_000;
const DRAIN_MAX_MS = 10_000;
const OPEN_AT_ONCE_COUNT = 50;
const START_DELAY_MS = 20;
const FAULTS_MAX_COUNT = 10;

interface Offer {
  startAt: number;
  endAt: number;
  rate: number;
  scheduled: number;
}

const ends: ChatEnd[] = [];
const sessions: WireSession[] = [];
let tally = newTally();
let lag = newHistogram();
let offer: Offer | undefined;
let nextToMark = 0;
let lastTickAt = performance.now();
let isStopping = false;

process.on('disconnect', () => process.exit(1)); // the bench has gone
process.on('message', (message: unknown) => {
  void obey(message as Command).catch((error: unknown) => reply({ kind: 'failed', reason: String(error) }));
});

async function obey(command: Command): Promise<void> {
  switch (command.kind) {
    case 'connect':
      await connect(command.url, command.credentials, command.textBytes);
      setTimeout(tick, TICK_MS);
      reply({ kind: 'connected' });
      break;
    case 'run':
      reply(await run(command.rate, command.seconds));
      break;
    case 'stop':
      isStopping = true;
      for (const session of sessions) {
        session.close();
      }
      setTimeout(() => process.exit(0), 100);
      break;
  }
}

/** Users 2i and 2i + 1 are the two members of chat i. */
async function connect(url: string, credentials: Credential[], textBytes: number): Promise<void> {
  const open = async (index: number): Promise<void> => {
    sessions[index] = await openWireSession(url, credentials[index] as Credential, {
      frame: (frame, at) => ends[index]?.take(frame, at),
      closed: (code) => {
        if (!isStopping) {
          tally.faults.push(`a socket was closed with ${code}`);
        }
      },
    });
  };
  for (let from = 0; from < credentials.length; from += OPEN_AT_ONCE_COUNT) {
    const count = Math.min(OPEN_AT_ONCE_COUNT, credentials.length - from);
    await Promise.all(Array.from({ length: count }, (_, i) => open(from + i)));
  }
  for (let index = 0; index < sessions.length; index += 1) {
    const session = sessions[index] as WireSession;
    const other = sessions[index ^ 1] as WireSession;
    const answer = await session.request({
      type: 'open_direct',
      ref: 0,
      user_id: other.userId as OpenDirect['user_id'],
    });
    if (answer.type !== 'conversation') {
      throw new Error(`open_direct was answered with ${JSON.stringify(answer)}.`);
    }
    const { conversation_id: conversation, head } = answer.conversation;
    ends[index] = new ChatEnd({ session, conversation, index, head, textBytes, tally: () => tally });
  }
  for (const [index, end] of ends.entries()) {
    end.peer = ends[index ^ 1];
  }
}

/** Runs for as long as the process: offers what is due, and gives signs of life when nothing is. */
function tick(): void {
  const now = performance.now();
  lag.recordValue(Math.max(1, Math.round((now - lastTickAt - TICK_MS) * 1000)));
  if (offer !== undefined) {
    offerDue(offer, now);
  }
  const marks = Math.ceil((ends.length * Math.min(now - lastTickAt, MARK_EVERY_MS)) / MARK_EVERY_MS);
  for (let i = 0; i < marks; i += 1) {
    ends[nextToMark]?.mark(now, HEARTBEAT_MS);
    nextToMark = (nextToMark + 1) % ends.length;
  }
  lastTickAt = now;
  if (!isStopping) {
    setTimeout(tick, TICK_MS);
  }
}

/** Send k of the run is due at start + k / rate and belongs to member k mod members. */
function offerDue(due: Offer, now: number): void {
  const until = Math.min(now, due.endAt);
  for (;;) {
    const at = due.startAt + (due.scheduled * 1000) / due.rate;
    if (at > until) {
      return;
    }
    ends[due.scheduled % ends.length]?.schedule(at);
    due.scheduled += 1;
  }
}

async function run(rate: number, seconds: number): Promise<RunResult> {
  tally = newTally();
  lag = newHistogram();
  const startAt = performance.now() + START_DELAY_MS;
  const mine: Offer = { startAt, endAt: startAt + seconds * 1000, rate, scheduled: 0 };
  const cpuBefore = cpuMicros(process.pid);
  offer = mine;
  let abandoned = 0;
  while (performance.now() < mine.endAt + TICK_MS) {
    await Bun.sleep(20);
    if (tally.worstAckMs > GIVE_UP_ACK_MS || tally.faults.length > FAULTS_MAX_COUNT) {
      offer = undefined;
      abandoned = ends.reduce((sum, end) => sum + end.abandon(), 0);
      break;
    }
  }
  offer = undefined;
  const offeredFor = (Math.min(performance.now(), mine.endAt) - startAt) / 1000;
  const sent = mine.scheduled - abandoned;
  const isDone = (): boolean =>
    tally.acked + tally.refused >= sent && tally.delivered >= tally.acked && tally.echoed >= tally.acked;
  const giveUpAt = performance.now() + DRAIN_MAX_MS;
  while (!isDone() && performance.now() < giveUpAt) {
    await Bun.sleep(5);
  }
  const lasted = (performance.now() - startAt) / 1000;
  return {
    kind: 'result',
    offered: mine.scheduled,
    offeredRate: mine.scheduled / offeredFor,
    acked: tally.acked,
    achievedRate: (tally.acked * 1000) / Math.max(1, tally.lastAckAt - startAt),
    delivered: tally.delivered,
    echoed: tally.echoed,
    refused: tally.refused,
    holes: tally.holes,
    faults: isDone()
      ? tally.faults
      : [...tally.faults, `after ${DRAIN_MAX_MS} ms not all was answered and delivered`],
    abandoned,
    ack: latencyOf(tally.ack),
    receive: latencyOf(tally.receive),
    lag: latencyOf(lag),
    cpuShare: (cpuMicros(process.pid) - cpuBefore) / (lasted * 1e6),
    seconds: lasted,
  };
}

function newTally(): Tally {
  return {
    ack: newHistogram(),
    receive: newHistogram(),
    acked: 0,
    delivered: 0,
    echoed: 0,
    refused: 0,
    holes: 0,
    faults: [],
    lastAckAt: 0,
    worstAckMs: 0,
  };
}

function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120_000_000,
    numberOfSignificantValueDigits: 3,
  });
}

function latencyOf(histogram: Histogram): Latency {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return { p50: at(50), p99: at(99), p999: at(99.9), max: histogram.maxValue / 1000 };
}

function reply(message: Reply): void {
  process.send?.(message);
}
