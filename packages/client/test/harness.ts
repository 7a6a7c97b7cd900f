// A client in a fake world, with everything that its app was told written down.
import { ChatClient } from '../src/chat-client.ts';
import type { ChatClientOptions } from '../src/chat-client-options.ts';
import type { ClientStore } from '../src/client-store.ts';
import type { AppEntry, ClientEvent } from '../src/event.ts';
import { MemoryClientStore } from '../src/memory-client-store.ts';
import { ParleyError } from '../src/parley-error.ts';
import { FakeWorld, type FakeSocket } from './fake-world.ts';

export type Harness = {
  world: FakeWorld;
  client: ChatClient;
  entries: AppEntry[];
  events: ClientEvent[];
  seqs: () => number[];
  /** Events of one kind. */
  told: <Kind extends ClientEvent['kind']>(kind: Kind) => Extract<ClientEvent, { kind: Kind }>[];
};

export function harness(options: Partial<ChatClientOptions> & { world?: FakeWorld } = {}): Harness {
  const { world = new FakeWorld(), ...more } = options;
  const entries: AppEntry[] = [];
  const events: ClientEvent[] = [];
  const client = new ChatClient({
    url: 'http://127.0.0.1:8080',
    token: 'plt_test',
    onEntry: (entry) => void entries.push(entry),
    onEvent: (event) => void events.push(event),
    ...world.options,
    ...more,
  });
  return {
    world,
    client,
    entries,
    events,
    seqs: () => entries.map(({ seq }) => seq),
    told: (kind) =>
      events.filter((event): event is Extract<ClientEvent, { kind: typeof kind }> => event.kind === kind),
  };
}

export const WELCOME = {
  type: 'welcome',
  version: 3,
  session_id: '901',
  user_id: '11',
  name: 'ada',
  device_id: '31',
  server_time: 1_764_000_000_000,
  heartbeat_interval_ms: 5_000,
  beat_interval_ms: 20_000,
  log_id: 'b1',
};

/** Opens the newest socket and answers its hello, with further frames in the same message. */
export async function welcome(world: FakeWorld, more: object = {}, ...frames: object[]): Promise<FakeSocket> {
  await world.settle();
  const { socket } = world;
  socket.accept();
  socket.take();
  socket.sendFrames({ ...WELCOME, ...more }, ...frames);
  await world.settle();
  return socket;
}

/** A harness that is online. */
export async function online(
  options: Partial<ChatClientOptions> & { world?: FakeWorld } = {},
  ...frames: object[]
): Promise<Harness & { socket: FakeSocket }> {
  const made = harness(options);
  const connected = made.client.connect();
  const socket = await welcome(made.world, {}, ...frames);
  await connected;
  return { ...made, socket };
}

export function message(seq: number, more: object = {}): object {
  return {
    seq,
    kind: 'message',
    message_id: String(8_000 + seq),
    sender: '12',
    client_msg_id: `b-${seq}`,
    at: 1_764_000_000_000 + seq,
    content: { kind: 'text', text: `text ${seq}` },
    ...more,
  };
}

export function messages(from: number, to: number): object[] {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
}

export function push(...entries: object[]): object {
  return { type: 'entries', conversation_id: '70', entries };
}

export function heads(...rows: object[]): object {
  return { type: 'heads', rows };
}

export function row(head: number, received: number, more: object = {}): object {
  return { conversation_id: '70', head, floor: 0, received, ...more };
}

export type PulledParts = {
  ref: number;
  after: number;
  entries: object[];
  head: number;
  through?: number;
  floor?: number;
  states?: object[];
};

export function pulled(parts: PulledParts): object {
  const { ref, after, entries, head, through = head, floor = 0, states = [] } = parts;
  return { type: 'pulled', ref, conversation_id: '70', after, entries, states, through, head, floor };
}

/** A store in memory of which a test replaces a part. */
export function storeWith(replaced: Partial<ClientStore>, memory = new MemoryClientStore()): ClientStore {
  return {
    load: () => memory.load(),
    savePending: (sends) => memory.savePending(sends),
    removePending: (ids) => memory.removePending(ids),
    saveCursors: (cursors) => memory.saveCursors(cursors),
    reset: (owner) => memory.reset(owner),
    ...replaced,
  };
}

/** Answers what a call asks, one frame after another, and tells what it asked (without `ref`) and what came of it. */
export async function answering<Result>(
  { world, socket }: { world: FakeWorld; socket: FakeSocket },
  call: Promise<Result>,
  ...answers: object[]
): Promise<{ asked: object[]; result: Result }> {
  const asked: object[] = [];
  for (const answer of answers) {
    await world.settle();
    const [frame, ...others] = socket.take();
    if (frame === undefined || others.length > 0) throw new Error('One frame at a time is answered here.');
    const { ref, ...rest } = frame;
    asked.push(rest);
    socket.sendFrames({ ref, ...answer });
  }
  return { asked, result: await call };
}

/** The error that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<ParleyError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ParleyError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

export async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export function standing(more: object = {}): object {
  return { conversation_id: '70', read: 5, unread: 0, mentions: 0, as_of: 5, ...more };
}
