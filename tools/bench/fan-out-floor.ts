// The floor of the fan-out: writes what it is told to all other sockets, and nothing else. No store, no check, no frame.
const BACKPRESSURE_MAX_BYTES = 256 * 1024 * 1024;
/** Every viewer gets the same welcome; one who says `!` and a text speaks to all of them. */
const WELCOME = '[{"type":"welcome"}]';
const SPEAKER = '!';

type Socket = Bun.ServerWebSocket<{ isKnown: boolean }>;

const viewers = new Set<Socket>();

const server = Bun.serve<{ isKnown: boolean }>({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, here) {
    const headers = { 'Sec-WebSocket-Protocol': 'parley.v1' };
    return here.upgrade(request, { data: { isKnown: false }, headers })
      ? undefined
      : new Response('', { status: 400 });
  },
  websocket: {
    idleTimeout: 0,
    sendPings: false,
    perMessageDeflate: false,
    backpressureLimit: BACKPRESSURE_MAX_BYTES,
    message(socket, message) {
      const text = message as string;
      if (text.startsWith(SPEAKER)) {
        viewers.delete(socket);
        const said = text.slice(1);
        for (const viewer of viewers) viewer.send(said);
      } else if (!socket.data.isKnown) {
        socket.data.isKnown = true;
        viewers.add(socket);
        socket.send(WELCOME);
      }
    },
    close(socket) {
      viewers.delete(socket);
    },
  },
});
console.log(
  JSON.stringify({ ready: true, url: `http://127.0.0.1:${server.port}`, pid: process.pid, fsync: 'none' }),
);

process.on('SIGTERM', () => process.exit(0));
