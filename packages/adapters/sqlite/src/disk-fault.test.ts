// Real faults: a disk that is full, a folder that is read-only, an fsync that fails. No ack may be false.
import { expect, test } from 'bun:test';
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ConversationId, DeviceId, UserId } from '@parley/protocol/ids';
import type { AppendOutcome, NewEntry, Token } from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import { audit, findingsCount } from './audit.ts';
import type { SqliteStores } from './open-sqlite.ts';
import { NO_PAUSE, linesOf, openStores, startChild, TestFolder } from './test-folder.ts';

const CONVERSATION = '500' as ConversationId;
const TOKEN = '00000000000000aa' as Token;
const BODY_CHARS = 8_000;
const TIMEOUT_MS = 60_000;

const run = (...command: string[]): boolean =>
  Bun.spawnSync(command, { stdout: 'ignore', stderr: 'ignore' }).success;

/** Skips loudly where the machine does not permit it; in CI nothing may be skipped. */
function permitted(what: string, works: () => boolean): boolean {
  if (works()) return true;
  if (process.env['CI'] !== undefined)
    throw new Error(`${what} is not permitted here, and CI may not skip it`);
  console.warn(`SKIPPED: ${what} is not permitted here`);
  return false;
}

/** A file system of so many bytes in memory. */
class SmallDisk implements Disposable {
  readonly #folder = new TestFolder();
  readonly directory = this.#folder.directory;

  constructor(size: string) {
    if (!run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', this.directory))
      throw new Error('mount failed');
  }

  remount(option: 'ro' | 'rw'): boolean {
    return run('mount', '-o', `remount,${option}`, this.directory);
  }

  [Symbol.dispose](): void {
    // Lazily, so that a test that failed with the stores open leaves nothing behind.
    run('umount', '-l', this.directory);
    this.#folder[Symbol.dispose]();
  }
}

const canMount = permitted('mount -t tmpfs', () => {
  try {
    using disk = new SmallDisk('1m');
    return disk.directory !== '';
  } catch {
    return false;
  }
});
const canInject = permitted('strace -e inject', () =>
  run('strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=fsync:error=EIO:when=9999', 'true'),
);

function append(stores: SqliteStores, head: number): Promise<AppendOutcome> {
  const body = JSON.stringify({ content: { kind: 'text', text: 'x'.repeat(BODY_CHARS) } });
  const entry = {
    kind: 'message',
    messageId: String(head + 1),
    sender: '11',
    clientMsgId: `c-${head}`,
    at: 1,
    body,
  };
  return stores.messages.append(CONVERSATION, TOKEN, head, [entry as NewEntry]);
}

/** Appends until it is refused, and returns the acknowledged head. */
async function fill(stores: SqliteStores, from: number): Promise<number> {
  for (let head = from; ; head += 1) {
    const outcome = await append(stores, head);
    if (outcome.kind === 'applied') continue;
    expect(outcome).toEqual({ kind: 'refused', reason: { kind: 'storage_full' } });
    return head;
  }
}

async function seqsOf(stores: SqliteStores): Promise<number[]> {
  const range = { conversation: CONVERSATION, after: 0, to: 1e9, limit: 1e9, maxBytes: 1e12 };
  return (await stores.messages.read(range)).entries.map((entry) => entry.seq);
}
const dense = (head: number): number[] => Array.from({ length: head }, (_, index) => index + 1);

test.skipIf(!canMount)(
  '[INV 1] [INV 9] a full disk refuses with storage_full, loses nothing, and goes on when there is space',
  async () => {
    using disk = new SmallDisk('8m');
    await using stores = await openStores(disk.directory);
    await stores.messages.claim(CONVERSATION, TOKEN);
    const filler = join(disk.directory, 'filler');
    writeFileSync(filler, Buffer.alloc(4_000_000));
    const head = await fill(stores, 0);
    expect(head).toBeGreaterThan(50);
    expect(await append(stores, head)).toEqual({ kind: 'refused', reason: { kind: 'storage_full' } });
    // The other ports have no outcome for it: they reject, and a claim may be tried again.
    const marks = Array.from({ length: 5_000 }, (_, index) => ({
      conversation: String(index) as ConversationId,
      seq: 1,
    }));
    const marking = stores.queue
      .markReceived('11' as UserId, '7' as DeviceId, marks)
      .catch((error: unknown) => error);
    expect(await marking).toMatchObject({ name: 'StoreError', kind: 'storage_full' });
    expect(await seqsOf(stores)).toEqual(dense(head));
    rmSync(filler);
    const later = await fill(stores, head);
    expect(later).toBeGreaterThan(head);
    expect(await seqsOf(stores)).toEqual(dense(later));
    await stores[Symbol.asyncDispose]();
    expect(findingsCount(await audit(disk.directory, NO_PAUSE))).toBe(0);
    expect((await audit(disk.directory, NO_PAUSE)).entries).toBe(later);
  },
  TIMEOUT_MS,
);

test.skipIf(!canMount)(
  '[INV 9] opening on a full disk says that it is full, and works when there is space',
  async () => {
    using disk = new SmallDisk('8m');
    const filler = join(disk.directory, 'filler');
    const fillUp = (): void => {
      const space = openSync(filler, 'a');
      try {
        for (;;) writeSync(space, Buffer.alloc(4_096));
      } catch {
        closeSync(space);
      }
    };
    const open = (): Promise<unknown> => openStores(disk.directory).catch((error: unknown) => error);
    const full = { kind: 'storage_full', message: 'The disk is full: free some space, then start again.' };
    fillUp();
    expect(await open()).toMatchObject(full);
    rmSync(filler);
    const stores = await openStores(disk.directory);
    await stores.messages.claim(CONVERSATION, TOKEN);
    expect((await append(stores, 0)).kind).toBe('applied');
    await stores[Symbol.asyncDispose]();
    fillUp();
    expect(await open()).toMatchObject(full);
    rmSync(filler);
    await using again = await openStores(disk.directory);
    expect(await seqsOf(again)).toEqual([1]);
  },
);

test.skipIf(!canMount)(
  'a read-only folder is refused with the reason, and its data stays as it is',
  async () => {
    using disk = new SmallDisk('8m');
    const stores = await openStores(disk.directory);
    await stores.messages.claim(CONVERSATION, TOKEN);
    expect((await append(stores, 0)).kind).toBe('applied');
    await stores[Symbol.asyncDispose]();
    expect(disk.remount('ro')).toBe(true);
    const refused = await openStores(disk.directory).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StoreError);
    expect(refused).toMatchObject({ kind: 'unavailable' });
    expect(disk.remount('rw')).toBe(true);
    await using again = await openStores(disk.directory);
    expect(await seqsOf(again)).toEqual([1]);
  },
);

/** Runs the child with a system call that fails from its n-th time in a thread on. */
async function runWithFault(directory: string, fault: string): Promise<ReturnType<typeof linesOf>> {
  const under = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `inject=${fault}`];
  const child = startChild({ directory, conversations: 3, rounds: 200, under });
  const output = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return linesOf(output);
}

test.skipIf(!canInject)(
  '[INV 8] an fsync that fails at COMMIT is unknown, stops the store, and nothing is acknowledged after it',
  async () => {
    using folder = new TestFolder();
    const lines = await runWithFault(folder.directory, 'fsync,fdatasync:error=EIO:when=40');
    const outcomes = lines.flatMap((line) => line.outcome ?? []);
    const firstBad = outcomes.findIndex((outcome) => outcome !== 'applied');
    expect(firstBad).toBeGreaterThan(10);
    expect(outcomes.slice(firstBad)).not.toContain('applied');
    expect(outcomes).toContain('unknown');
    expect(lines.map((line) => line.failed ?? '').join('')).toContain('disk I/O error');
    expect(lines.at(-1)).toEqual({ closed: true });
    expect(findingsCount(await audit(folder.directory, NO_PAUSE))).toBe(0);
    const heads = lines.filter((line) => line.outcome === 'applied');
    await using stores = await openStores(folder.directory);
    for (const { conversation, head } of heads) {
      const state = await stores.messages.state(conversation as ConversationId);
      expect(state.head).toBeGreaterThanOrEqual(head ?? 0);
    }
  },
  TIMEOUT_MS,
);
