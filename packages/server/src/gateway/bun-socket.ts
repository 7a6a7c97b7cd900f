// The one file that knows the runtime's socket: Bun's HTTP and WebSocket server around the gateway.
import { MESSAGE_SIZE_MAX_BYTES } from '@parley/protocol/limits';
import { SUBPROTOCOL } from '@parley/protocol/version';
import type { HttpApp } from '../http/http-app.ts';
import type { OriginPolicy } from '../http/origin-policy.ts';
import type { Gateway } from './gateway.ts';
import { OUTBOX_MAX_BYTES } from './limits.ts';
import type { Session } from './session.ts';
import type { Socket } from './socket.ts';

export const SOCKET_PATH = '/v1/socket';
/** Silence on the wire is the gateway's to judge; this only ends sockets that it lost sight of. */
const IDLE_MAX_S = 30;
/** A message that is too large by no more than this is read, so that it can be closed with a code of ours. */
const OVERSIZE_MARGIN_BYTES = 8_192;

/** What Bun keeps with a socket: made at the upgrade, complete once the socket is open. */
class BunSocket implements Socket {
  socket: Bun.ServerWebSocket<BunSocket> | undefined;
  session: Session | undefined;

  send(message: string) {
    // Bun answers the bytes written, -1 when it queued the message, 0 when it dropped it.
    const written = this.socket?.send(message) ?? 0;
    if (written > 0) return 'sent';
    return written === -1 ? 'buffered' : 'dropped';
  }

  get bufferedBytes(): number {
    return this.socket?.getBufferedAmount() ?? 0;
  }

  close(code: number, reason: string): void {
    this.socket?.close(code, reason);
  }
}

export interface Listening {
  readonly url: string;
  /** No new connections. */
  stop(): void;
  /** Ends what is left. */
  end(): Promise<void>;
}

export function listen(options: {
  host: string;
  port: number;
  gateway: Gateway;
  http: HttpApp;
  origins: OriginPolicy;
}): Listening {
  const { host, port, gateway, http, origins } = options;
  const server = Bun.serve<BunSocket, never>({
    hostname: host,
    port,
    // An error page of development would show source code to whoever asks.
    development: false,
    // Outside of development Bun shares the port with whoever asks for it; two servers there is a mistake to be told.
    reusePort: false,
    fetch(request, bun) {
      const address = URL.parse(request.url);
      if (address === null) return text(400, 'This address cannot be read.');
      if (address.pathname === SOCKET_PATH) return upgrade(request, bun, gateway, origins);
      return http.fetch(request, { remoteAddress: bun.requestIP(request)?.address ?? 'unknown' });
    },
    websocket: {
      // Beyond the limit the gateway closes with a code of ours; beyond this Bun closes with 1009.
      maxPayloadLength: MESSAGE_SIZE_MAX_BYTES + OVERSIZE_MARGIN_BYTES,
      backpressureLimit: OUTBOX_MAX_BYTES,
      idleTimeout: IDLE_MAX_S,
      sendPings: false,
      perMessageDeflate: false,
      open(socket) {
        socket.data.socket = socket;
        socket.data.session = gateway.opened(socket.data);
      },
      message(socket, message) {
        const { session } = socket.data;
        if (session === undefined) return;
        if (typeof message !== 'string') gateway.unreadable(session, 'messages are text');
        else if (isTooLarge(message)) gateway.unreadable(session, 'the message is too large');
        else gateway.message(session, message);
      },
      drain(socket) {
        if (socket.data.session !== undefined) gateway.drained(socket.data.session);
      },
      close(socket) {
        socket.data.session?.gone();
      },
    },
  });
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    stop: () => void server.stop(false),
    end: () => server.stop(true),
  };
}

function upgrade(
  request: Request,
  server: Bun.Server<BunSocket>,
  gateway: Gateway,
  origins: OriginPolicy,
): Response | undefined {
  const origin = request.headers.get('origin');
  if (origin !== null && !origins.allows(origin)) return text(403, 'This origin is not allowed.');
  const offered = request.headers.get('sec-websocket-protocol') ?? '';
  if (!offered.split(',').some((name) => name.trim() === SUBPROTOCOL)) {
    return text(400, `Connect with a WebSocket and the subprotocol ${SUBPROTOCOL}.`);
  }
  if (!gateway.accepts) return text(503, 'The server takes no new connections now.', { 'Retry-After': '2' });
  const headers = { 'Sec-WebSocket-Protocol': SUBPROTOCOL };
  if (server.upgrade(request, { headers, data: new BunSocket() })) return undefined;
  return text(400, 'This address speaks WebSocket only.');
}

function isTooLarge(message: string): boolean {
  // A UTF-16 unit has at most three bytes of UTF-8: short messages need no count.
  return message.length * 3 > MESSAGE_SIZE_MAX_BYTES && Buffer.byteLength(message) > MESSAGE_SIZE_MAX_BYTES;
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers });
}
