// Memory per signed-in connection: resident memory of the target before and after thousands of them came.
import { join } from 'node:path';
import type { HolderCommand, HolderReply } from './connection-holder.ts';
import { rssKb, slabKb } from './process-stats.ts';
import type { Target } from './target.ts';

export interface ConnectionsReport {
  count: number;
  /** The target's resident memory, and per connection that came. */
  rssBeforeKb: number;
  rssAfterKb: number;
  rssPerConnectionKb: number;
  /** Kernel memory of the machine per connection, both ends of the loopback socket together. */
  slabPerConnectionKb: number;
  /** Until all were signed in and had exchanged their messages. */
  seconds: number;
  failures: string[];
}

/** They run the code paths once, so that what is compiled and loaded then is not charged to the others. */
const WARM_UP_COUNT = 300;
const SETTLE_MS = 20_000;

/** Each of `count` users is in two direct chats and has sent and received one message. */
export async function measureConnections(target: Target, count: number): Promise<ConnectionsReport> {
  let waiting: PromiseWithResolvers<HolderReply> | undefined;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'connection-holder.ts')], {
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    ipc: (message: HolderReply) => waiting?.resolve(message),
    onExit: () => waiting?.reject(new Error('The process that holds the connections ended.')),
  });
  const ask = (command: HolderCommand): Promise<HolderReply> => {
    waiting = Promise.withResolvers<HolderReply>();
    child.send(command);
    return waiting.promise;
  };
  const failures: string[] = [];
  const open = async (first: number, users: number): Promise<void> => {
    const opened = await ask({
      kind: 'open',
      url: target.url,
      credentials: await target.credentials(first, users),
    });
    if (opened.kind !== 'opened') {
      throw new Error(`Connections could not be opened: ${JSON.stringify(opened)}`);
    }
    failures.push(...opened.faults.slice(0, 3));
    if (opened.entries !== users * 2) {
      failures.push(`${opened.entries} entries came to ${users} users, and not ${users * 2}`);
    }
  };
  try {
    await open(0, WARM_UP_COUNT);
    await Bun.sleep(SETTLE_MS / 2);
    const rssBeforeKb = rssKb(target.pid);
    const slabBeforeKb = slabKb();
    const startedAt = performance.now();
    await open(WARM_UP_COUNT, count);
    const seconds = (performance.now() - startedAt) / 1000;
    await Bun.sleep(SETTLE_MS);
    const rssAfterKb = rssKb(target.pid);
    const slabPerConnectionKb = (slabKb() - slabBeforeKb) / count;
    const closed = await ask({ kind: 'stop' });
    if (closed.kind === 'closed' && closed.codes.length > 0) {
      failures.push(`${closed.codes.length} connections were closed, the first with ${closed.codes[0]}`);
    }
    const rssPerConnectionKb = (rssAfterKb - rssBeforeKb) / count;
    return { count, rssBeforeKb, rssAfterKb, rssPerConnectionKb, slabPerConnectionKb, seconds, failures };
  } finally {
    waiting = undefined;
    child.kill('SIGTERM');
    await child.exited;
  }
}
