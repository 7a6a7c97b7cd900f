// The floor: the least code that moves the same bytes and frames and does the same fsyncs, with no product around it.
// It trusts its clients: users and conversations come from a formula, and a frame is whatever JSON.parse made of it.
import type { Up } from '@parley/protocol/up';

const USERS_MAX_COUNT = 100_000;
const BACKPRESSURE_MAX_BYTES = 256 * 1024 * 1024;

interface Session {
  user: number;
  /** Frames that wait for the end of this turn, so that what is due together leaves in one write. */
  outbox: string;
}
type Socket = Bun.ServerWebSocket<Session>;
/** A send that waits for its commit: who gets which text once it is durable. */
interface Waiting {
  socket: Socket;
  peer: number;
  sent: string;
  entries: string;
}

const sockets = new Map<number, Socket>();
const heads = new Map<number, number>();
const dirty: Socket[] = [];
let lastMessageId = (Date.now() - Date.UTC(2025, 0, 1)) * 4096;
let rows: (number | string)[] = [];
let waiting: Waiting[] = [];
let committing: Waiting[] | undefined;
let isCommitDue = false;

const writer = new Worker(new URL('./floor-writer.ts', import.meta.url).href);
writer.addEventListener('message', (event: MessageEvent<unknown>) => {
  if (typeof event.data === 'string') {
    listen(event.data);
  } else {
    committed();
  }
});
writer.postMessage(Bun.argv[2] ?? '');

function put(socket: Socket | undefined, frame: string): void {
  if (socket === undefined) {
    return;
  }
  if (socket.data.outbox === '') {
    dirty.push(socket);
    socket.data.outbox = `[${frame}`;
  } else {
    socket.data.outbox += `,${frame}`;
  }
}

function flush(): void {
  for (const socket of dirty) {
    socket.send(`${socket.data.outbox}]`);
    socket.data.outbox = '';
  }
  dirty.length = 0;
}

function commit(): void {
  isCommitDue = false;
  if (committing !== undefined || waiting.length === 0) {
    return;
  }
  committing = waiting;
  waiting = [];
  writer.postMessage(rows);
  rows = [];
}

function committed(): void {
  const done = committing ?? [];
  committing = undefined;
  commit();
  for (const { socket, peer, sent, entries } of done) {
    put(socket, sent);
    put(socket, entries);
    put(sockets.get(peer), entries);
  }
  flush();
}

function send(socket: Socket, frame: Up & { type: 'send' }): void {
  const conversation = Number(frame.conversation_id);
  const { user } = socket.data;
  const low = Math.floor(conversation / USERS_MAX_COUNT);
  const high = conversation % USERS_MAX_COUNT;
  let head = heads.get(conversation) ?? 0;
  const at = Date.now();
  let results = '';
  let entries = '';
  for (const message of frame.messages) {
    head += 1;
    lastMessageId += 1;
    const content = JSON.stringify(message.content);
    rows.push(conversation, head, lastMessageId, user, message.client_msg_id, at, content);
    const comma = results === '' ? '' : ',';
    results += `${comma}{"client_msg_id":"${message.client_msg_id}","seq":${head},"message_id":"${lastMessageId}","at":${at}}`;
    entries += `${comma}{"seq":${head},"kind":"message","message_id":"${lastMessageId}","sender":"${user}","client_msg_id":"${message.client_msg_id}","at":${at},"content":${content}}`;
  }
  heads.set(conversation, head);
  waiting.push({
    socket,
    peer: low === user ? high : low,
    sent: `{"type":"sent","ref":${frame.ref},"conversation_id":"${conversation}","results":[${results}]}`,
    entries: `{"type":"entries","conversation_id":"${conversation}","entries":[${entries}]}`,
  });
  if (!isCommitDue) {
    isCommitDue = true;
    setImmediate(commit);
  }
}

function handle(socket: Socket, frame: Up): void {
  switch (frame.type) {
    case 'hello': {
      const user = Number(frame.token);
      socket.data.user = user;
      sockets.set(user, socket);
      const id = `"session_id":"${user}","user_id":"${user}","name":"${user}","device_id":"${user}"`;
      put(
        socket,
        `{"type":"welcome","version":1,${id},"server_time":${Date.now()},"heartbeat_interval_ms":5000,"beat_interval_ms":20000,"log_id":"floor"},{"type":"queue_empty"}`,
      );
      break;
    }
    case 'open_direct': {
      const peer = Number(frame.user_id);
      const { user } = socket.data;
      const conversation = Math.min(user, peer) * USERS_MAX_COUNT + Math.max(user, peer);
      const state = `"members":2,"head":${heads.get(conversation) ?? 0},"floor":0,"received":0`;
      put(
        socket,
        `{"type":"conversation","ref":${frame.ref},"conversation":{"conversation_id":"${conversation}","kind":"direct",${state}}}`,
      );
      break;
    }
    case 'send':
      send(socket, frame);
      break;
    default: // heartbeat, received: nothing to do
  }
}

function listen(fsync: string): void {
  const server = Bun.serve<Session>({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request, server) {
      const headers = { 'Sec-WebSocket-Protocol': 'parley.v1' };
      return server.upgrade(request, { data: { user: 0, outbox: '' }, headers })
        ? undefined
        : new Response('', { status: 400 });
    },
    websocket: {
      idleTimeout: 0,
      sendPings: false,
      perMessageDeflate: false,
      backpressureLimit: BACKPRESSURE_MAX_BYTES,
      message(socket, text) {
        for (const frame of JSON.parse(text as string) as Up[]) {
          handle(socket, frame);
        }
        flush();
      },
      close(socket) {
        sockets.delete(socket.data.user);
      },
    },
  });
  console.log(
    JSON.stringify({ ready: true, url: `http://127.0.0.1:${server.port}`, pid: process.pid, fsync }),
  );
}

process.on('SIGTERM', () => process.exit(0));
