// What the bench and its generator process say to one another.
import type { Credential } from './wire-session.ts';

export type Command =
  | { kind: 'connect'; url: string; credentials: Credential[]; textBytes: number }
  | { kind: 'run'; rate: number; seconds: number }
  | { kind: 'stop' };

/** Times in milliseconds. */
export interface Latency {
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

export interface RunResult {
  kind: 'result';
  /** Sends that were due, and per second. */
  offered: number;
  offeredRate: number;
  /** Acknowledged sends, and per second until the last of them. */
  acked: number;
  achievedRate: number;
  /** Entries that came to the other member; all of `acked` must. */
  delivered: number;
  echoed: number;
  refused: number;
  holes: number;
  faults: string[];
  /** The run was given up because acks took too long; what was still due then was not sent. */
  abandoned: number;
  ack: Latency;
  receive: Latency;
  /** The generator's own lateness: how long after its time a tick of 1 ms came. */
  lag: Latency;
  /** CPU of the generator, of one core. */
  cpuShare: number;
  /** For the caller's reading of the server's CPU: the wall time of the run. */
  seconds: number;
}

export type Reply = { kind: 'connected' } | RunResult | { kind: 'failed'; reason: string };
