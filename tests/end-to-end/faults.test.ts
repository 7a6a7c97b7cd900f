// What happens to the server as a process: asked to stop, killed, started twice on one folder.
import { expect, test } from 'bun:test';
import { ChatClient, type ClientEvent, type Sent } from '@parley/client';
import { isLong } from './lib/needs.ts';
import { type Ack, acksIn, logOf, wrongIn } from './lib/log-of.ts';
import { parse } from './lib/parley.ts';
import { pause, until, within } from './lib/poll.ts';
import { Seeded } from './lib/seeded.ts';
import { scopePerTest } from './lib/test-scope.ts';
import { textFrame, type WireSession } from './lib/wire-session.ts';
import { accountAt, openWorld } from './lib/world.ts';

const scope = scopePerTest();
/** Requests of one session without an answer: more than twice as many and the server closes it (SOCK-7). */
const IN_FLIGHT_COUNT = 400;
const KILLS_COUNT = isLong ? 40 : 10;

test('[CLOSE-3] [INV 1] a server that is asked to stop answers what is under way, says 4503 and ends with 0', async () => {
  const { server, accounts, group, session } = await openWorld(scope(), ['ada', 'bob']);
  const ada = await session(0);
  let sent = 0;
  const sending = (async () => {
    while (ada.closed === undefined) {
      const room = IN_FLIGHT_COUNT - (sent - acksIn(ada.frames).length);
      for (let burst = 0; burst < Math.min(20, room); burst++)
        ada.begin(textFrame(group, `m-${++sent}`, `text ${sent}`));
      await pause(1);
    }
  })();
  await until('some are acknowledged', () => acksIn(ada.frames).length > 100);
  const { code, signal } = await server.stop();
  await sending;
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(ada.closed).toBe(4503);
  expect(ada.frames).toContainEqual({ type: 'draining', retry_after_ms: expect.any(Number) });
  // Whatever was not acknowledged was refused as shutting down, or came too late to be answered.
  const refused = ada.frames.filter(({ type }) => type === 'error');
  expect(refused.filter((frame) => frame['code'] !== 'shutting_down')).toEqual([]);

  await server.restart();
  const log = await logOf(server.url, accountAt(accounts, 0).token, group);
  const acks = acksIn(ada.frames);
  expect(wrongIn(log, acks)).toEqual([]);
  // Nothing was stored without an answer either: the session was served until its end.
  expect(log.length).toBe(acks.length + 1);
});

test('[CLOSE-3] [CLOSE-2, INV 6] clients of a server that stops come back to the next one, and every send resolves', async () => {
  const { server, accounts, group } = await openWorld(scope(), ['ada', 'bob']);
  const events: ClientEvent[] = [];
  const { token } = accountAt(accounts, 0);
  const client = new ChatClient({ url: server.url, token, onEvent: (event) => void events.push(event) });
  scope().atEnd(() => client.close());
  await client.connect();
  const sends: Promise<Sent>[] = [];
  for (let index = 0; index < 2_000; index++) {
    sends.push(client.send(group, `text ${index}`));
    if (index % 50 === 0) await pause(1);
  }
  await sends[100];
  expect((await server.stop()).code).toBe(0);
  await server.restart();
  const acks: Ack[] = await within('all sends resolve', Promise.all(sends), 30_000);

  expect(events.some(({ kind }) => kind === 'draining')).toBe(true);
  const onlines = events.filter((event) => event.kind === 'connection' && event.state.kind === 'online');
  expect(onlines.length).toBe(2);
  const log = await logOf(server.url, token, group);
  expect(wrongIn(log, acks)).toEqual([]);
  expect(log.length).toBe(2_001);
  expect(acks.map(({ seq }) => seq)).toEqual(acks.map(({ seq }) => seq).toSorted((a, b) => a - b));
}, 60_000);

test('a second server on the same folder says why not and ends with 1; the first one goes on', async () => {
  const { parley, server, group, session } = await openWorld(scope(), ['ada', 'bob']);
  const ada = await session(0);
  for (const more of [['--json'], []]) {
    const second = await parley.run(['serve', '--port', '0', '--data', server.directory, ...more]);
    expect(second.code).toBe(1);
    expect(second.stdout).toBe('');
    expect(second.stderr).toMatch(/another|already|in use/i);
    expect(second.stderr).not.toMatch(/ {4}at |defect/);
    if (more.length > 0)
      expect(parse(second.stderr.trim().split('\n').at(-1) ?? '')).toHaveProperty('error.code');
    expect(await ada.text(group, `after-${more.length}`, 'still here')).toMatchObject({ type: 'sent' });
  }
  expect(ada.closed).toBeUndefined();
});

test('[INV 1] [INV 2, INV 3, INV 6, SEND-3] kill -9 in the middle of sends: acknowledged is present, dense, once', async () => {
  const random = Seeded.printed('kill in mid-send');
  const { server, accounts, group, session } = await openWorld(scope(), ['ada', 'bob', 'cyd']);
  const acks: Ack[] = [];
  let unanswered: string[] = [];
  let unansweredCount = 0;
  for (let kill = 0; kill < KILLS_COUNT; kill++) {
    const sessions = await Promise.all(accounts.map((_, index) => session(index)));
    const sent: string[] = [];
    // What had no answer before the last kill goes out again under its id, from whoever sent it.
    for (const [index, one] of sessions.entries()) resend(one, group, ownOf(unanswered, index));
    const pumping = pump(sessions, group, `k${kill}`, sent);
    // From before the first answer to after some hundreds.
    const target = random.between(0, 300);
    await until('some are answered', () => sessions.flatMap(({ frames }) => acksIn(frames)).length >= target);
    await server.kill();
    await pumping;
    await server.restart();

    const answered = sessions.flatMap(({ frames }) => acksIn(frames));
    acks.push(...answered);
    const ids = new Set(answered.map(({ client_msg_id }) => client_msg_id));
    unanswered = [...unanswered, ...sent].filter((id) => !ids.has(id));
    unansweredCount += unanswered.length;
    expect(wrongIn(await logOf(server.url, accountAt(accounts, 0).token, group), acks)).toEqual([]);
    for (const one of sessions) one.close();
  }
  console.log({ acknowledged: acks.length, unanswered: unansweredCount });
  // Otherwise the kills did not come in the middle of anything.
  expect(acks.length).toBeGreaterThan(0);
  expect(unansweredCount).toBeGreaterThan(0);

  for (const [index] of accounts.entries()) {
    const one = await session(index);
    const own = ownOf(unanswered, index);
    // In portions: one user may only have so many waiting in a conversation, and these never wait for an answer.
    for (let from = 0; from < own.length; from += PORTION_COUNT) {
      const to = Math.min(from + PORTION_COUNT, own.length);
      resend(one, group, own.slice(from, to));
      await until('all are answered', () => acksIn(one.frames).length === to);
    }
    acks.push(...acksIn(one.frames));
  }
  const log = await logOf(server.url, accountAt(accounts, 0).token, group);
  expect(wrongIn(log, acks)).toEqual([]);
  expect(log.length).toBe(1 + new Set(acks.map(({ client_msg_id }) => client_msg_id)).size);
}, 120_000);

/** Messages that are sent at once, all in flight together. */
const PORTION_COUNT = 1_000;

/** Sends from all sessions, and notes it, until they are closed. */
async function pump(
  sessions: readonly WireSession[],
  group: string,
  prefix: string,
  sent: string[],
): Promise<void> {
  for (let round = 0; sessions.some(({ closed }) => closed === undefined); round++) {
    for (const [index, one] of sessions.entries()) {
      const answered = acksIn(one.frames).filter(({ client_msg_id }) => client_msg_id.startsWith(prefix));
      const begun = sent.filter((id) => id.endsWith(`-${index}`)).length;
      if (begun - answered.length > IN_FLIGHT_COUNT) continue;
      for (let message = 0; message < 5; message++) {
        const id = `${prefix}-${round}-${message}-${index}`;
        sent.push(id);
        one.begin(textFrame(group, id, `text ${id}`));
      }
    }
    await pause(1);
  }
}

function ownOf(ids: readonly string[], index: number): string[] {
  return ids.filter((id) => id.endsWith(`-${index}`));
}

/** Under the same ids, 64 messages a frame. */
function resend(session: WireSession, conversation_id: string, ids: readonly string[]): void {
  for (let start = 0; start < ids.length; start += 64) {
    const messages = ids
      .slice(start, start + 64)
      .map((id) => ({ client_msg_id: id, content: { kind: 'text', text: `text ${id}` } }));
    session.begin({ type: 'send', conversation_id, messages });
  }
}
