// kill -9 in the middle of appends, again and again on the same folder.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { audit, findingsCount } from './audit.ts';
import { NO_PAUSE, linesOf, openStores, startChild, TestFolder } from './test-folder.ts';

const ROUNDS_COUNT = 10;
const TIMEOUT_MS = 60_000;

/** Runs the child until it has acknowledged so much, kills it, and adds what it said to the heads. */
async function killAfter(directory: string, lines: number, heads: Map<string, number>): Promise<void> {
  const child = startChild({ directory });
  let output = '';
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (output.split('\n').length > lines) child.kill('SIGKILL');
  }
  await child.exited;
  for (const { conversation, outcome, head } of linesOf(output)) {
    if (conversation === undefined || head === undefined) continue;
    expect(outcome).toBe('applied');
    heads.set(conversation, Math.max(head, heads.get(conversation) ?? 0));
  }
}

test(
  '[INV 1] [INV 3] what was acknowledged before a kill -9 is there, dense, once',
  async () => {
    using folder = new TestFolder();
    const heads = new Map<string, number>();
    for (let round = 0; round < ROUNDS_COUNT; round += 1) {
      await killAfter(folder.directory, 20 + 37 * round, heads);
      // The audit comes first: it must work on what a crash left, before any server recovered it.
      expect(findingsCount(await audit(folder.directory, NO_PAUSE))).toBe(0);
    }
    await using stores = await openStores(folder.directory);
    expect(heads.size).toBe(4);
    for (const [conversation, head] of heads) {
      const page = await stores.messages.read({
        conversation: conversation as ConversationId,
        after: 0,
        to: Number.MAX_SAFE_INTEGER,
        limit: Number.MAX_SAFE_INTEGER,
        maxBytes: Number.MAX_SAFE_INTEGER,
      });
      expect(page.head).toBeGreaterThanOrEqual(head);
      expect(page.entries.map((entry) => entry.seq)).toEqual(
        Array.from({ length: page.head }, (_, at) => at + 1),
      );
      for (const { seq, body } of page.entries) {
        expect(body).toContain(`text ${conversation}${String(seq).padStart(8, '0')}`);
      }
    }
  },
  TIMEOUT_MS,
);
