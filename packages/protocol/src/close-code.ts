// Every WebSocket close code that the server uses, a closed set. Each says what the client does next.

/** `reconnect`: with back-off. `sign_in`: the token is of no use any more. `stop`: the client itself must change. */
export type AfterClose = 'reconnect' | 'sign_in' | 'stop';

export const CLOSE_CODES = {
  4400: { name: 'bad_frames', after: 'stop', means: 'too many frames that the server cannot read' },
  4401: { name: 'unauthorized', after: 'sign_in', means: 'the token is not valid, expired or was revoked' },
  4406: { name: 'version_unsupported', after: 'stop', means: 'no protocol version that both sides speak' },
  4408: { name: 'hello_timeout', after: 'reconnect', means: 'no hello within 5 s' },
  4409: {
    name: 'heartbeat_missing',
    after: 'reconnect',
    means: 'nothing was heard from the client for 12 s',
  },
  4413: { name: 'too_large', after: 'stop', means: 'a message over the size limit, or a binary one' },
  4429: { name: 'flooding', after: 'reconnect', means: 'more requests in flight than allowed' },
  4430: {
    name: 'slow_consumer',
    after: 'reconnect',
    means: 'the client does not read fast enough; it catches up by pull',
  },
  4500: { name: 'internal', after: 'reconnect', means: 'the server failed' },
  4503: {
    name: 'shutting_down',
    after: 'reconnect',
    means: 'the server is going away; wait for retry_after_ms of `draining`',
  },
} as const satisfies Record<number, { name: string; after: AfterClose; means: string }>;

export type CloseCode = keyof typeof CLOSE_CODES;

/** WebSocket's own code for a message that is far too large; 4413 where the server still could read it. */
const MESSAGE_TOO_BIG = 1009;

/** What a client does after a close; another code outside the set (1006, a proxy's own) means the network: reconnect. */
export function afterClose(code: number): AfterClose {
  if (code === MESSAGE_TOO_BIG) return CLOSE_CODES[4413].after;
  return Object.hasOwn(CLOSE_CODES, code) ? CLOSE_CODES[code as CloseCode].after : 'reconnect';
}
