// The WebSocket as the SDK sees it, and how one is opened. The default uses the platform's own.
import { SUBPROTOCOL } from '@parley/protocol/version';
import { PlatformWebSocket } from '#web-socket';

export interface ClientSocket {
  /** Hands over one text message. Does nothing on a socket that is closed. */
  send(text: string): void;
  /** Begins a normal close, after what was sent. Safe to call twice. */
  close(): void;
}

/** Called by a socket, never before the call that opened it returned. */
export interface SocketEvents {
  opened(): void;
  /** One WebSocket message; anything but text is given as undefined. */
  message(text: string | undefined): void;
  /** Exactly once, also when the socket never opened. 1006 where nothing better is known. */
  closed(code: number): void;
}

export type OpenSocket = (options: { url: string; events: SocketEvents }) => ClientSocket;

/** Opens the platform's WebSocket with the subprotocol that Parley speaks. */
export const openPlatformSocket: OpenSocket = ({ url, events }) => {
  const socket = new PlatformWebSocket(url, [SUBPROTOCOL]);
  socket.addEventListener('open', () => events.opened());
  socket.addEventListener('message', ({ data }) =>
    events.message(typeof data === 'string' ? data : undefined),
  );
  // An error is always followed by a close, which says as much.
  socket.addEventListener('error', () => {});
  socket.addEventListener('close', ({ code }) => events.closed(code));
  return {
    send(text) {
      if (socket.readyState === PlatformWebSocket.OPEN) socket.send(text);
    },
    close() {
      socket.close(1000);
    },
  };
};
