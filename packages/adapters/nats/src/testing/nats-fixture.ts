// Buses for the tests of this package: on the engine that tests share, or on a server of the test's own.
import type { Log } from '@parley/ports/log';
import { EngineProcess } from '@parley/ports/testing/engine-process';
import { REAL_RANDOMNESS, REAL_TIMERS } from '@parley/ports/testing/real-time';
import { type NatsBusOptions, type NatsNodeBus, openNatsBus } from '../nats-node-bus.ts';

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };

let worlds = 0;

/** A prefix that no other test uses, in this run or another. */
export function freshPrefix(): string {
  worlds += 1;
  return `test-${process.pid}-${Math.floor(REAL_RANDOMNESS.fraction() * 2 ** 32)}-${worlds}`;
}

export function openTestBus(
  url: string,
  subjectPrefix: string,
  options: Partial<NatsBusOptions> = {},
): Promise<NatsNodeBus> {
  return openNatsBus({
    servers: { url, auth: { kind: 'url' }, tls: undefined },
    subjectPrefix,
    name: 'test',
    timers: REAL_TIMERS,
    randomness: REAL_RANDOMNESS,
    log: QUIET,
    ...options,
  });
}

/** The server to start in tests that kill it: named by the environment, or found on the path. */
export const NATS_BINARY = process.env['PARLEY_TEST_NATS_BINARY'] ?? Bun.which('nats-server') ?? undefined;

export function startNats(binary: string, more: readonly string[] = []): Promise<EngineProcess> {
  return EngineProcess.start(binary, (port) => ['-a', '127.0.0.1', '-p', String(port), ...more]);
}
