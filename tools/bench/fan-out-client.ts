// The clients of the fan-out bench, a process of their own: users, groups, one sender, a thousand viewers.
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { Down } from '@parley/protocol/down';
import type { Up } from '@parley/protocol/up';
import { USERS_PER_FRAME_MAX_COUNT } from '@parley/protocol/limits';
import type { FanOutCommand, FanOutReply } from './fan-out-messages.ts';
import { cpuMicros } from './process-stats.ts';
import { Viewers } from './viewers.ts';
import { openWireSession, type Credential, type WireSession } from './wire-session.ts';

const AT_ONCE_COUNT = 64;
const HEARTBEAT_MS = 4_000;
const PAUSE_MS = 25;
const TEXT = 'x'.repeat(200);

let url = '';
const users: UserId[] = [];
/** Users who stay connected; the first owns every group and sends. */
const present: WireSession[] = [];
const viewers = { server: new Viewers(), floor: new Viewers() };
let viewed = '' as ConversationId;
let speaker: WebSocket | undefined;
/** What a viewer of the server got, for the floor to say. */
let template = { text: '', id: '' };

process.on('disconnect', () => process.exit(1)); // the bench has gone
process.on('message', (message: unknown) => {
  void obey(message as FanOutCommand)
    .catch((error: unknown): FanOutReply => ({ kind: 'failed', reason: String(error) }))
    .then((reply) => process.send?.(reply));
});

setInterval(() => {
  const now = performance.now();
  for (const session of present)
    if (now - session.lastSentAt > HEARTBEAT_MS / 2) session.send('[{"type":"heartbeat"}]');
}, HEARTBEAT_MS / 4);

async function obey(command: FanOutCommand): Promise<FanOutReply> {
  switch (command.kind) {
    case 'users':
      url = command.url;
      await signIn(command.credentials, command.connected);
      return { kind: 'ready' };
    case 'group':
      return { kind: 'group', ...(await group(command.size)) };
    case 'send':
      return send(command.group as ConversationId, command.seconds, command.count);
    case 'view':
      await view(command);
      return { kind: 'ready' };
    case 'rounds':
      return rounds(command.on, command.count);
    case 'stop':
      for (const each of [viewers.server, viewers.floor]) each.close();
      setTimeout(() => process.exit(0), 200);
      return { kind: 'ready' };
  }
}

async function signIn(credentials: readonly Credential[], connected: number): Promise<void> {
  const one = async (credential: Credential, index: number): Promise<void> => {
    const isToStay = index < connected;
    const session = await openWireSession(url, credential, {
      frame: () => undefined,
      closed: (code) => {
        if (code !== 1000) console.error(`a socket was closed with ${code}`);
      },
    });
    users[index] = session.userId as UserId;
    if (isToStay) present[index] = session;
    else session.close();
  };
  for (let from = 0; from < credentials.length; from += AT_ONCE_COUNT) {
    const slice = credentials.slice(from, from + AT_ONCE_COUNT);
    await Promise.all(slice.map((credential, index) => one(credential, from + index)));
  }
}

/** Each of those present may bring in so many at once and no more (CONV-2): they take turns as admins. */
async function group(size: number): Promise<{ group: string; members: number }> {
  const first = users.slice(1, Math.min(size, present.length));
  const title = `of ${size}`;
  const created = await ask(0, {
    type: 'create_group',
    ref: 0,
    client_msg_id: id(),
    title,
    member_ids: first,
  });
  if (created.type !== 'conversation') throw new Error(JSON.stringify(created));
  const { conversation_id } = created.conversation;
  for (const user_id of first)
    await asked(0, {
      type: 'set_role',
      ref: 0,
      client_msg_id: id(),
      conversation_id,
      user_id,
      role: 'admin',
    });
  let turn = 0;
  for (let from = present.length; from < size;) {
    const user_ids = users.slice(from, Math.min(from + USERS_PER_FRAME_MAX_COUNT, size));
    const frame = { type: 'add_members', ref: 0, client_msg_id: id(), conversation_id, user_ids } as const;
    const answer = await ask(turn % present.length, frame);
    if (answer.type === 'error' && answer.code === 'rate_limited' && turn < present.length * 100) {
      turn += 1;
      if (turn % present.length === 0) await Bun.sleep(Math.min(answer.retry_after_ms ?? 500, 2_000));
    } else if (answer.type === 'changed') from += user_ids.length;
    else throw new Error(JSON.stringify(answer));
  }
  const seen = await ask(0, { type: 'get_conversation', ref: 0, conversation_id });
  if (seen.type !== 'conversation') throw new Error(JSON.stringify(seen));
  return { group: conversation_id, members: seen.conversation.members };
}

async function send(group: ConversationId, seconds: number, count: number): Promise<FanOutReply> {
  const startedAt = performance.now();
  const cpuBefore = cpuMicros(process.pid);
  const ackMs: number[] = [];
  while (ackMs.length < count && performance.now() - startedAt < seconds * 1_000) {
    const sentAt = performance.now();
    await sendOne(group, id(), TEXT);
    ackMs.push(performance.now() - sentAt);
  }
  const lasted = (performance.now() - startedAt) / 1_000;
  return {
    kind: 'sent',
    count: ackMs.length,
    seconds: lasted,
    cpuUs: cpuMicros(process.pid) - cpuBefore,
    ackMs,
  };
}

async function sendOne(
  conversation_id: ConversationId,
  client_msg_id: ClientMsgId,
  text: string,
): Promise<number> {
  const messages = [{ client_msg_id, content: { kind: 'text' as const, text } }];
  const answer = await ask(0, { type: 'send', ref: 0, conversation_id, messages });
  const [result] = answer.type === 'sent' ? answer.results : [];
  if (result === undefined || 'error' in result) throw new Error(JSON.stringify(answer));
  return result.seq;
}

async function view({ group, floorUrl, credentials }: FanOutCommand & { kind: 'view' }): Promise<void> {
  viewed = group as ConversationId;
  const first = JSON.stringify([{ type: 'view', conversation_ids: [group] }]);
  await viewers.server.open(url, credentials, first);
  await viewers.floor.open(floorUrl, credentials, first);
  speaker = new WebSocket(`${floorUrl.replace('http', 'ws')}/v1/socket`, 'parley.v1');
  const { promise, resolve } = Promise.withResolvers<void>();
  speaker.addEventListener('open', () => resolve());
  await promise;
  // The floor says what the server said, but for the id: the same bytes.
  const marker = id();
  const arrived = viewers.server.expect(marker);
  await sendOne(viewed, marker, TEXT);
  await arrived;
  template = { text: viewers.server.lastText, id: marker };
}

async function rounds(on: 'server' | 'floor', count: number): Promise<FanOutReply> {
  const all = viewers[on];
  const lastMs: number[] = [];
  const ackMs: number[] = [];
  const cpuBefore = cpuMicros(process.pid);
  const startedAt = performance.now();
  for (let round = 0; round < count; round += 1) {
    const marker = id();
    const arrived = all.expect(marker);
    const sentAt = performance.now();
    if (on === 'server') {
      const seq = await sendOne(viewed, marker, TEXT);
      ackMs.push(performance.now() - sentAt);
      const sign = JSON.stringify([{ type: 'received', marks: [{ conversation_id: viewed, seq }] }]);
      for (const each of [viewers.server, viewers.floor]) each.say(sign);
    } else speaker?.send(`!${template.text.replace(template.id, marker)}`);
    lastMs.push((await arrived) - sentAt);
    const [fault] = all.faults;
    if (fault !== undefined) throw new Error(fault);
    await Bun.sleep(PAUSE_MS);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpuUs = cpuMicros(process.pid) - cpuBefore;
  return { kind: 'rounds', lastMs, ackMs, bytes: template.text.length, cpuUs, seconds };
}

async function asked(who: number, frame: Up & { ref: number }): Promise<void> {
  const answer = await ask(who, frame);
  if (answer.type === 'error') throw new Error(JSON.stringify(answer));
}

function ask(who: number, frame: Up & { ref: number }): Promise<Down> {
  const session = present[who];
  if (session === undefined) throw new Error(`User ${who} is not connected.`);
  return session.request(frame);
}

function id(): ClientMsgId {
  return Bun.randomUUIDv7() as ClientMsgId;
}
