// `npm run bench:append`: durable sends/s, CPU per delivery and memory per connection of the server beside a floor.
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { measureConnections } from './connections.ts';
import { measureLoad } from './load.ts';
import { doubtsOf, failuresOf, table, verdicts, type TargetReport } from './report.ts';
import { startFloor, startServer, stopTargets, type Target } from './target.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    chats: { type: 'string', default: '100' },
    connections: { type: 'string', default: '5000' },
    dir: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const log = (line: string): void => console.error(line);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopTargets().finally(() => process.exit(130)));
}

/** Load and memory are measured on two fresh processes, so that the one does not show in the other. */
async function measure(
  start: (folder: string) => Promise<Target>,
  equalRate?: number,
): Promise<TargetReport> {
  let load: TargetReport['load'];
  let fsync: string;
  {
    await using target = await start(values.dir);
    log(`${target.name}: ${values.chats} direct chats, ${target.fsync}`);
    fsync = target.fsync;
    load = await measureLoad(target, { chats: Number(values.chats), equalRate, log });
  }
  await using target = await start(values.dir);
  log(`${target.name}: ${values.connections} connections`);
  return { fsync, load, connections: await measureConnections(target, Number(values.connections)) };
}

const flags =
  values.profile === undefined ? [] : ['--cpu-prof-md', '--cpu-prof', `--cpu-prof-dir=${values.profile}`];
const server = values.only === 'floor' ? undefined : await measure((folder) => startServer(folder, flags));
const floor =
  values.only === 'server' ? undefined : await measure(startFloor, server?.load.half?.offeredRate);
const reports = { ...(server && { server }), ...(floor && { floor }) };

console.log(values.json ? JSON.stringify(reports) : table(server, floor));
const aims = server !== undefined && floor !== undefined ? verdicts(server, floor) : [];
const doubts = Object.entries(reports).flatMap(([name, report]) =>
  doubtsOf(report).map((text) => `${name}: ${text}`),
);
const failures = Object.entries(reports).flatMap(([name, report]) =>
  failuresOf(report).map((text) => `${name}: ${text}`),
);
for (const line of [
  ...aims,
  ...doubts.map((text) => `doubtful: ${text}`),
  ...failures.map((text) => `FAILED ${text}`),
]) {
  log(line);
}
process.exitCode = failures.length > 0 ? 1 : 0;
