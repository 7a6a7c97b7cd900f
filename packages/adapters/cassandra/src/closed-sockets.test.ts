// Connections that break in the middle of an append: what was told is true, and what is not known is told as such.
import { expect, setDefaultTimeout, test } from 'bun:test';
import { conversationId, makeEntries, read } from '@parley/ports/conformance/fixture';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import type { NewEntry, Token } from '@parley/ports/message-store';
import { connect } from './connect.ts';
import { type Cut, CuttingProxy } from './testing/cutting-proxy.ts';
import { storeOn } from './testing/store-on.ts';
import { REAL_RANDOMNESS, TestKeyspace } from './testing/test-keyspace.ts';
import { MischiefSession } from './testing/test-sessions.ts';

setDefaultTimeout(60_000);

const APPENDS_COUNT = 200;
const CUTS_COUNT = 6;
const CUTS_EVERY_MS = 400;

describeWithEngine('cassandra', (url) => {
  test('[INV 1] [INV 2] [INV 3] [INV 9] appends over connections that break: no false ack, no false refusal, no entry twice', async () => {
    await using keyspace = await TestKeyspace.make(url);
    const [host = '', port = ''] = keyspace.cluster.contactPoints[0]?.split(':') ?? [];
    await using proxy = new CuttingProxy({ host, port: Number(port) });
    const contactPoints = [`127.0.0.1:${await proxy.listen()}`];
    const client = await connect({ ...keyspace.cluster, contactPoints }, keyspace.cluster.keyspace);
    const messages = storeOn(new MischiefSession(client), 16);
    const conversation = conversationId(500);
    const [acked, refused] = [new Map<number, NewEntry>(), new Set<string>()];
    let cuts = 0;
    const cutting = setInterval(() => {
      if (cuts === CUTS_COUNT) return;
      const how: Cut = (cuts += 1) % 2 === 0 ? 'loses_requests' : 'loses_replies';
      proxy.cut(how);
    }, CUTS_EVERY_MS);
    let mine: { readonly token: Token; readonly head: number } | undefined;
    for (let appends = 0; appends < APPENDS_COUNT;) {
      if (mine === undefined) {
        const token = REAL_RANDOMNESS.bytes(8).toHex() as Token;
        const claimed = await messages.claim(conversation, token).catch(() => undefined);
        if (claimed?.kind === 'claimed') mine = { token, head: claimed.head };
        else await Bun.sleep(20);
        continue;
      }
      appends += 1;
      const { token, head }: { token: Token; head: number } = mine;
      const entries = makeEntries(1 + (appends % 3));
      const outcome = await messages.append(conversation, token, head, entries);
      if (outcome.kind === 'applied') {
        entries.forEach((entry, index) => acked.set(head + 1 + index, entry));
        mine = { token, head: outcome.head };
        continue;
      }
      if (outcome.kind === 'refused') for (const entry of entries) refused.add(entry.messageId);
      mine = undefined;
    }
    clearInterval(cutting);
    await client.shutdown();
    const page = await read(storeOn(new MischiefSession(keyspace.client), 16), conversation);
    const ids = page.entries.map((entry) => entry.messageId);
    expect(page.entries.map((entry) => entry.seq)).toEqual(
      Array.from({ length: page.head }, (_, at) => at + 1),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => refused.has(id))).toEqual([]);
    for (const [seq, entry] of acked) expect(page.entries[seq - 1]).toEqual({ ...entry, from: seq, seq });
    expect([cuts, acked.size > APPENDS_COUNT / 2]).toEqual([CUTS_COUNT, true]);
  });
});
