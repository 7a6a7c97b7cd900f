// The order of system calls of one send: a kill cannot test it, because the page cache survives a killed process.
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { present } from './lib/needs.ts';
import { Parley } from './lib/parley.ts';
import { until } from './lib/poll.ts';
import { ServerProcess } from './lib/server-process.ts';
import { readTrace } from './lib/strace.ts';
import { scopePerTest } from './lib/test-scope.ts';
import { registerAccount, WireSession } from './lib/wire-session.ts';

const scope = scopePerTest();
const canTrace = present(Bun.which('strace') !== null, 'strace');

test.skipIf(!canTrace)(
  '[PUSH-3] [INV 8, SEND-2] the WAL is synced before the ack and the pushes are written',
  async () => {
    const trace = join(scope().folder(), 'trace');
    const parley = new Parley(scope());
    const server = await ServerProcess.start(parley, { directory: scope().folder(), tracePath: trace });
    const ada = await registerAccount(server.url, 'ada');
    const bob = await registerAccount(server.url, 'bob');
    const sessions = [
      await WireSession.welcomed(server.url, ada.token),
      await WireSession.welcomed(server.url, bob.token),
    ];
    for (const session of sessions) scope().atEnd(() => session.close());
    const opened = await sessions[0]!.request({ type: 'open_direct', user_id: bob.user_id });
    const { conversation_id } = opened['conversation'] as { conversation_id: string };

    for (const round of [1, 2, 3]) {
      const [id, text] = [`traced-id-${round}`, `a text that is looked for ${round}`];
      const answer = await sessions[0]!.text(conversation_id, id, text);
      expect(answer['type']).toBe('sent');
      await until('bob gets it', () => sessions[1]!.pushed(conversation_id).length === round);
    }
    await server.stop();

    const calls = readTrace(readFileSync(trace, 'latin1'));
    for (const round of [1, 2, 3]) {
      const [id, text] = [`traced-id-${round}`, `a text that is looked for ${round}`];
      // Opened as a file and written as one; sockets are written by other calls or to other descriptors.
      const stored = calls.find(
        ({ name, file, data }) => name === 'pwrite64' && file.endsWith('-wal') && data.includes(text),
      );
      const toSockets = calls.filter(({ file, data }) => file.startsWith('TCP') && data.includes(id));
      const acks = toSockets.filter(({ data }) => data.includes('\\"type\\":\\"sent\\"'));
      const pushes = toSockets.filter(({ data }) => data.includes('\\"type\\":\\"entries\\"'));
      expect(stored).toBeDefined();
      expect(acks.length).toBe(1);
      expect(pushes.length).toBeGreaterThan(0);
      const synced = calls.find(
        ({ name, file, begins, result }) =>
          /^f(data)?sync$/.test(name) && file.endsWith('-wal') && begins > stored!.ends && result === '0',
      );
      expect(synced).toBeDefined();
      for (const write of toSockets) expect(write.begins).toBeGreaterThan(synced!.ends);
    }
  },
  60_000,
);
