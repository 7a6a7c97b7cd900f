// Logs as lines of JSON on standard error, so that standard output stays for what a command answers.
import pino from 'pino';
import type { Log } from '@parley/ports/log';

export function createLog(level: string): Log {
  return pino(
    { level, base: null, serializers: { error: pino.stdSerializers.err } },
    pino.destination({ fd: 2, sync: true }),
  );
}
