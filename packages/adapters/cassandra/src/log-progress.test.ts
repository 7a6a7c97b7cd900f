// What a node remembers of a log holds at one head, and is not used at another.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { ALICE, append, BOB, conversationId, makeEntries, token } from '@parley/ports/conformance/fixture';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { storeOn } from './testing/store-on.ts';
import { TestKeyspace } from './testing/test-keyspace.ts';
import { MischiefSession } from './testing/test-sessions.ts';

setDefaultTimeout(30_000);

const C = conversationId(500);

describeWithEngine('cassandra', (url) => {
  let keyspace: TestKeyspace;
  beforeAll(async () => {
    keyspace = await TestKeyspace.make(url);
  });
  afterAll(() => keyspace[Symbol.asyncDispose]());

  test('[INV 13] counts are right where two nodes append in turn, each with a memory of its own', async () => {
    const nodes = [1, 2].map(() => storeOn(new MischiefSession(keyspace.client), 16));
    let head = 0;
    for (let round = 0; round < 20; round += 1) {
      const node = nodes[round % 2]!;
      const entries = [
        ...makeEntries(2, { sender: BOB }),
        ...makeEntries(1, { sender: ALICE }),
        ...makeEntries(1, { sender: BOB, kind: 'reaction_added' }),
      ];
      if (round === 0) head = await append(node, C, entries);
      else {
        expect(await node.append(C, token(1), head, entries)).toEqual({ kind: 'applied', head: head + 4 });
        head += 4;
      }
    }
    const others = async (seq: number) =>
      (await nodes[0]!.othersAfter(ALICE, [{ conversation: C, seq }])).get(C)?.others;
    for (const round of [0, 1, 7, 12, 19]) expect(await others(4 * round)).toBe(2 * (20 - round));
  });
});
