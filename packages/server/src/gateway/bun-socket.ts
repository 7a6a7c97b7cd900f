// The one file that knows the runtime's socket: Bun's HTTP and WebSocket server around the gateway.
import { MESSAGE_SIZE_MAX_BYTES } from '@parley/protocol/limits';
import { SUBPROTOCOL } from '@parley/protocol/version';
import type { HttpApp } from '../http/http-app.ts';
import type { OriginPolicy } from '../http/origin-policy.ts';
import { TrustedProxies } from '../http/trusted-proxies.ts';
import type { Gateway } from './gateway.ts';
import { OUTBOX_MAX_BYTES } from './limits.ts';
import type { Session } from './session.ts';
import type { Socket } from './socket.ts';
import { WaitingSockets, type MaybeWaiting } from './waiting-sockets.ts';

export const SOCKET_PATH = '/v1/socket';
/** Silence on the wire is the gateway's to judge; this only ends sockets that it lost sight of. */
const IDLE_MAX_S = 30;
/** What a client that finds no place is told to wait. */
const RETRY_AFTER_S = '2';
/** A message that is too large by no more than this is read, so that it can be closed with a code of ours. */
const OVERSIZE_MARGIN_BYTES = 8_192;

/** What Bun keeps with a socket: made at the upgrade, complete once the socket is open. */
class BunSocket implements Socket, MaybeWaiting {
  readonly address: string;
  socket: Bun.ServerWebSocket<BunSocket> | undefined;
  session: Session | undefined;

  constructor(address: string) {
    this.address = address;
  }

  get isWaiting(): boolean {
    const state = this.session?.state.kind;
    return state === undefined || state === 'awaiting_hello' || state === 'authenticating';
  }

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

  terminate(): void {
    this.socket?.terminate();
  }
}

export interface Listening {
  readonly url: string;
  /** No new connections. */
  stop(): void;
  /** Ends what is left. */
  end(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly gateway: Gateway;
  readonly http: HttpApp;
  readonly origins: OriginPolicy;
  /** Addresses and CIDRs of reverse proxies whose X-Forwarded-For is believed; without it, none. */
  readonly trustedProxies?: readonly string[];
}

/** Throws the runtime's error with a `code`; EADDRNOTAVAIL for a host that is no address of this machine. */
export function listen(options: ListenOptions): Listening {
  const { host, port } = options;
  let server: Bun.Server<BunSocket>;
  try {
    server = serve(options);
  } catch (error) {
    // Bun calls any failure a port in use: only a port of its own choice tells whether it is the host.
    if (port !== 0 && canListen(host)) throw error;
    throw Object.assign(new Error(`${JSON.stringify(host)} is not an address of this machine`), {
      code: 'EADDRNOTAVAIL',
    });
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    stop: () => void server.stop(false),
    end: () => server.stop(true),
  };
}

function canListen(host: string): boolean {
  try {
    void Bun.serve({ hostname: host, port: 0, fetch: () => text(503, '') }).stop(true);
    return true;
  } catch {
    return false;
  }
}

function serve(options: ListenOptions): Bun.Server<BunSocket> {
  const { host, port, gateway, http, origins } = options;
  const proxies = new TrustedProxies(options.trustedProxies ?? []);
  const waiting = new WaitingSockets();
  return Bun.serve<BunSocket, never>({
    hostname: host,
    port,
    // An error page of development would show source code to whoever asks.
    development: false,
    // Outside of development Bun shares the port with whoever asks for it; two servers there is a mistake to be told.
    reusePort: false,
    fetch(request, bun) {
      const address = URL.parse(request.url);
      if (address === null) return text(400, 'This address cannot be read.');
      const peer = bun.requestIP(request)?.address ?? 'unknown';
      const remoteAddress = proxies.addressOf(peer, request.headers.get('x-forwarded-for'));
      if (address.pathname !== SOCKET_PATH) return http.fetch(request, { remoteAddress });
      const refusal = refusalOf(request, origins);
      if (refusal !== undefined) return refusal;
      if (!gateway.accepts || !waiting.hasPlace(remoteAddress)) {
        return text(503, 'The server takes no new connections now.', { 'Retry-After': RETRY_AFTER_S });
      }
      const headers = { 'Sec-WebSocket-Protocol': SUBPROTOCOL };
      if (bun.upgrade(request, { headers, data: new BunSocket(remoteAddress) })) return undefined;
      return text(400, 'This address speaks WebSocket only.');
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
        waiting.add(socket.data);
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
        waiting.remove(socket.data);
        socket.data.session?.gone();
      },
    },
  });
}

/** What is wrong with a request for a socket, whoever it comes from. */
function refusalOf(request: Request, origins: OriginPolicy): Response | undefined {
  const origin = request.headers.get('origin');
  if (origin !== null && !origins.allows(origin)) return text(403, 'This origin is not allowed.');
  const offered = request.headers.get('sec-websocket-protocol') ?? '';
  if (!offered.split(',').some((name) => name.trim() === SUBPROTOCOL)) {
    return text(400, `Connect with a WebSocket and the subprotocol ${SUBPROTOCOL}.`);
  }
  return undefined;
}

function isTooLarge(message: string): boolean {
  // A UTF-16 unit has at most three bytes of UTF-8: short messages need no count.
  return message.length * 3 > MESSAGE_SIZE_MAX_BYTES && Buffer.byteLength(message) > MESSAGE_SIZE_MAX_BYTES;
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers });
}
