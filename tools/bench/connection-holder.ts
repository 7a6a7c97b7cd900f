// Holds many signed-in sockets, a process of its own. Users stand in a ring: each chats with the next one.
import type { Down } from '@parley/protocol/down';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import { openWireSession, type Credential, type WireSession } from './wire-session.ts';

export type HolderCommand = { kind: 'open'; url: string; credentials: Credential[] } | { kind: 'stop' };
export type HolderReply =
  | { kind: 'opened'; entries: number; faults: string[] }
  | { kind: 'closed'; codes: number[] }
  | { kind: 'failed'; reason: string };

const AT_ONCE_COUNT = 64;
const HEARTBEAT_MS = 4_000;
const SWEEP_MS = 50;
const ENTRIES_WITHIN_MS = 10_000;
/** Every member gets its own message and the neighbour's. */
const ENTRIES_PER_USER = 2;

const sessions: WireSession[] = [];
const closeCodes: number[] = [];
const heads: { conversation: ConversationId; seq: number }[][] = [];
let entriesCount = 0;
let nextToBeat = 0;

process.on('disconnect', () => process.exit(1)); // the bench has gone
process.on('message', (message: unknown) => {
  void obey(message as HolderCommand).catch((error: unknown) =>
    reply({ kind: 'failed', reason: String(error) }),
  );
});

setInterval(() => {
  const now = performance.now();
  const count = Math.ceil((sessions.length * SWEEP_MS) / HEARTBEAT_MS);
  for (let i = 0; i < count; i += 1) {
    const session = sessions[nextToBeat];
    nextToBeat = (nextToBeat + 1) % Math.max(1, sessions.length);
    if (session !== undefined && now - session.lastSentAt > HEARTBEAT_MS / 2) {
      session.send('[{"type":"heartbeat"}]');
    }
  }
}, SWEEP_MS);

async function obey(command: HolderCommand): Promise<void> {
  switch (command.kind) {
    case 'open':
      reply(await openRing(command.url, command.credentials));
      break;
    case 'stop':
      reply({ kind: 'closed', codes: closeCodes.slice() });
      for (const session of sessions) {
        session.close();
      }
      setTimeout(() => process.exit(0), 200);
      break;
  }
}

async function openRing(url: string, credentials: Credential[]): Promise<HolderReply> {
  const first = sessions.length;
  const faults: string[] = [];
  entriesCount = 0;
  await inSlices(credentials.length, async (i) => {
    const index = first + i;
    heads[index] = [];
    sessions[index] = await openWireSession(url, credentials[i] as Credential, {
      frame: (frame) => take(index, frame),
      closed: (code) => closeCodes.push(code),
    });
  });
  await inSlices(credentials.length, async (i) => {
    const session = sessions[first + i] as WireSession;
    const next = sessions[first + ((i + 1) % credentials.length)] as WireSession;
    const opened = await session.request({ type: 'open_direct', ref: 0, user_id: next.userId as UserId });
    if (opened.type !== 'conversation') {
      faults.push(`open_direct: ${JSON.stringify(opened)}`);
      return;
    }
    const sent = await session.request({
      type: 'send',
      ref: 0,
      conversation_id: opened.conversation.conversation_id,
      messages: [
        { client_msg_id: Bun.randomUUIDv7() as ClientMsgId, content: { kind: 'text', text: 'hello' } },
      ],
    });
    if (sent.type !== 'sent' || sent.results.some((result) => 'error' in result)) {
      faults.push(`send: ${JSON.stringify(sent)}`);
    }
  });
  const giveUpAt = performance.now() + ENTRIES_WITHIN_MS;
  while (entriesCount < credentials.length * ENTRIES_PER_USER && performance.now() < giveUpAt) {
    await Bun.sleep(20);
  }
  for (let index = first; index < sessions.length; index += 1) {
    const marks = (heads[index] ?? []).map(({ conversation, seq }) => ({
      conversation_id: conversation,
      seq,
    }));
    if (marks.length > 0) {
      sessions[index]?.send(JSON.stringify([{ type: 'received', marks }]));
    }
  }
  return { kind: 'opened', entries: entriesCount, faults };
}

function take(index: number, frame: Down): void {
  if (frame.type === 'entries') {
    entriesCount += frame.entries.length;
    heads[index]?.push({ conversation: frame.conversation_id, seq: frame.entries.at(-1)?.seq ?? 0 });
  }
}

async function inSlices(count: number, work: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE_COUNT) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE_COUNT, count - from) }, (_, i) => work(from + i)),
    );
  }
}

function reply(message: HolderReply): void {
  process.send?.(message);
}
