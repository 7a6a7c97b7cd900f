// The WebSocket of the package `ws`, for Node 20, which has none. Chosen by "#web-socket" in package.json.
import { WebSocket, type ClientOptions } from 'ws';
import type { WebSocketClass } from './web-socket.ts';

/** `ws` has closeTimeout since 8.19; its types do not know it yet. */
type Options = ClientOptions & { closeTimeout: number };

/** A peer that does not answer a close is given up on after 2 s, so that a process can end. */
const OPTIONS: Options = { perMessageDeflate: false, closeTimeout: 2_000 };

class NodeWebSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols, OPTIONS);
  }
}

export const PlatformWebSocket: WebSocketClass = NodeWebSocket;
