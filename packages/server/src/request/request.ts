// What a service gets and gives for one request of a client; the gateway knows the frames and nothing of what they do.
import type { Down } from '@parley/protocol/down';
import { fault, type Fault } from '@parley/protocol/error-code';
import type { Up } from '@parley/protocol/up';
import type { LiveSession } from '../connection/live-sessions.ts';

export type Answer = Down | { readonly fault: Fault };

/** Answered from the log: such answers may be large, so a session has only some of them at once. */
export type LogRead = Extract<Up, { type: 'pull' | 'get_versions' }>;
/** Never answered, and never waits. */
export type Signal = Extract<Up, { type: 'typing' | 'view' }>;
/** Every other frame with a `ref` but `send`. */
export type Request = Exclude<Extract<Up, { ref: number }>, LogRead | { type: 'send' }>;

type Handler<Frame> = (session: LiveSession, frame: Frame) => Answer | Promise<Answer>;

/** One function a request; a folder of services has those of its own frames. */
export type Handlers<Type extends Request['type'] = Request['type']> = {
  readonly [Each in Type]: Handler<Extract<Request, { type: Each }>>;
};

/** The same for signals. A fault is told; nothing else is. */
export type Signals = {
  readonly [Each in Signal['type']]: (
    session: LiveSession,
    frame: Extract<Signal, { type: Each }>,
  ) => Fault | undefined;
};

export const NO_CONVERSATION = {
  fault: fault('not_found', 'There is no such conversation.', { field: 'conversation_id' }),
} as const;

export function done(ref: number): Answer {
  return { type: 'done', ref };
}
