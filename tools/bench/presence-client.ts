// Some of the presence bench's users, a process of their own that may be killed: heartbeats, and what they see of others.
import type { UserId } from '@parley/protocol/ids';
import type { Down } from '@parley/protocol/down';
import type { Presence } from '@parley/protocol/presence';
import {
  contactsOf,
  Seen,
  sharedNumbers,
  type PresenceCommand,
  type PresenceReply,
} from './presence-messages.ts';
import { cpuMicros } from './process-stats.ts';
import { openWireSession, type WireSession } from './wire-session.ts';

const AT_ONCE_COUNT = 48;
const HEARTBEAT_MS = 5_000;
const SWEEP_MS = 25;

const sessions: WireSession[] = [];
const numbers = new Map<string, number>();
let first = 0;
let users = 0;
let heard: Float64Array = new Float64Array();
let seen: Seen | undefined;
let next = 0;
let due = 0;
let heartbeats = 0;
let pushes = 0;
let rows = 0;
let closed = 0;
let lastSweepAt = performance.now();

process.on('disconnect', () => process.exit(1)); // the bench has gone
process.on('message', (message: unknown) => {
  void obey(message as PresenceCommand)
    .catch((error: unknown): PresenceReply => ({ kind: 'failed', reason: String(error) }))
    .then((reply) => process.send?.(reply));
});

/** One after another, so that each is heard every HEARTBEAT_MS and the load is even. */
setInterval(() => {
  const now = performance.now();
  due += (sessions.length * Math.min(now - lastSweepAt, HEARTBEAT_MS)) / HEARTBEAT_MS;
  lastSweepAt = now;
  for (; due >= 1; due -= 1) {
    const session = sessions[next];
    if (session !== undefined) {
      session.send('[{"type":"heartbeat"}]');
      heard[first + next] = Date.now();
      heartbeats += 1;
    }
    next = (next + 1) % sessions.length;
  }
}, SWEEP_MS);

async function obey(command: PresenceCommand): Promise<PresenceReply> {
  switch (command.kind) {
    case 'open':
      return open(command);
    case 'know':
      for (const [index, id] of command.ids.entries()) numbers.set(id, index);
      return { kind: 'done' };
    case 'watch':
      await watch(command.contacts);
      return { kind: 'done' };
    case 'count':
      return { kind: 'counted', heartbeats, pushes, rows, cpuUs: cpuMicros(process.pid), closed };
    case 'stop':
      for (const session of sessions) session.close();
      setTimeout(() => process.exit(0), 200);
      return { kind: 'done' };
  }
}

async function open(command: PresenceCommand & { kind: 'open' }): Promise<PresenceReply> {
  const { url, credentials } = command;
  first = command.first;
  users = command.users;
  heard = sharedNumbers(command.heard, users);
  seen = new Seen(command.seen, users);
  const opened: WireSession[] = [];
  await inSlices(credentials.length, async (index) => {
    const credential = credentials[index];
    if (credential === undefined) return;
    heard[first + index] = Date.now();
    opened[index] = await openWireSession(url, credential, {
      frame: take,
      closed: () => {
        closed += 1;
      },
    });
  });
  sessions.push(...opened);
  return { kind: 'opened', ids: opened.map((session) => session.userId) };
}

async function watch(contacts: number): Promise<void> {
  const ids = [...numbers.keys()] as UserId[];
  await inSlices(sessions.length, async (index) => {
    const user_ids = contactsOf(first + index, contacts, users).map((user) => ids[user] as UserId);
    const answer = await sessions[index]?.request({ type: 'watch', ref: 0, user_ids });
    if (answer?.type !== 'presence') throw new Error(`watch was answered with ${JSON.stringify(answer)}`);
  });
}

function take(frame: Down): void {
  if (frame.type !== 'presence' || frame.snapshot === true) return;
  const at = Date.now();
  pushes += 1;
  rows += frame.rows.length;
  for (const row of frame.rows) note(row, at);
}

function note({ user_id, state }: Presence['rows'][number], at: number): void {
  const user = numbers.get(user_id);
  if (user !== undefined) seen?.push(user, state === 'offline', at);
}

async function inSlices(count: number, one: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE_COUNT) {
    const length = Math.min(AT_ONCE_COUNT, count - from);
    await Promise.all(Array.from({ length }, (_, at) => one(from + at)));
  }
}
