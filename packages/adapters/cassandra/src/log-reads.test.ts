// A page ends at the head that it names, also where the log goes on between the requests of one read.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { append, conversationId, makeEntries, read, stored } from '@parley/ports/conformance/fixture';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { CqlSession, type ReadLevel, type Statement } from './cql-session.ts';
import { MESSAGE_READS } from './message-statements.ts';
import { storeOn } from './testing/store-on.ts';
import { TestKeyspace } from './testing/test-keyspace.ts';
import { MischiefSession, testGate } from './testing/test-sessions.ts';

setDefaultTimeout(30_000);

/** Does something once after the next statement of a kind was answered. */
class InterruptedSession extends CqlSession {
  after: { readonly query: string; readonly call: () => Promise<unknown> } | undefined;

  override async read<Row>(statement: Statement, level?: ReadLevel): Promise<readonly Row[]> {
    const rows = await super.read<Row>(statement, level);
    const { after } = this;
    if (after?.query === statement.query) {
      this.after = undefined;
      await after.call();
    }
    return rows;
  }
}

describeWithEngine('cassandra', (url) => {
  let keyspace: TestKeyspace;
  beforeAll(async () => {
    keyspace = await TestKeyspace.make(url);
  });
  afterAll(() => keyspace[Symbol.asyncDispose]());

  for (const [size, count] of [
    [4_096, 2],
    [4, 9],
  ] as const) {
    test(`[INV 3] an append of ${count} between two requests of a read leaves no hole below the head that is named`, async () => {
      const session = new InterruptedSession(keyspace.client, testGate());
      const [messages, other] = [storeOn(session, size), storeOn(new MischiefSession(keyspace.client), size)];
      const conversation = conversationId(800 + size);
      const all = makeEntries(2);
      await append(other, conversation, all);
      await read(messages, conversation);
      for (const query of [MESSAGE_READS.entries, MESSAGE_READS.statics, MESSAGE_READS.entries]) {
        const after = all.length;
        const more = makeEntries(count);
        session.after = { query, call: () => append(other, conversation, more) };
        const page = await read(messages, conversation, { after });
        all.push(...more);
        expect(page.entries).toEqual(stored(0, all).slice(after, page.head));
      }
    });
  }

  test('[INV 3] a drop between two requests of a read leaves a page without a hole above the floor that it names', async () => {
    const session = new InterruptedSession(keyspace.client, testGate());
    const [messages, other] = [storeOn(session, 4), storeOn(new MischiefSession(keyspace.client), 4)];
    const conversation = conversationId(900);
    const all = makeEntries(20);
    for (const entry of all) await append(other, conversation, [entry]);
    for (const through of [2, 7, 13]) {
      session.after = { query: MESSAGE_READS.entries, call: () => other.drop(conversation, through) };
      const { entries, floor, head } = await read(messages, conversation);
      expect(entries).toEqual(stored(0, all).slice(floor, head));
      expect(head).toBe(20);
    }
  });
});
