// The platform's own WebSocket: browsers, Bun, Node 22 and later. Chosen by "#web-socket" in package.json.
import type { WebSocketClass } from './web-socket.ts';

export const PlatformWebSocket: WebSocketClass = globalThis.WebSocket;
