// The part of the WebSocket standard that the SDK uses; both the global one and `ws` have it.

export interface WebSocketLike {
  readonly readyState: number;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void;
  send(text: string): void;
  close(code: number): void;
}

export interface WebSocketClass {
  readonly OPEN: number;
  new (url: string, protocols: string[]): WebSocketLike;
}
