// What the fan-out bench and its client process say to one another.
import type { Credential } from './wire-session.ts';

export type FanOutCommand =
  /** Signs users in: the first `connected` stay, the others leave at once. */
  | { kind: 'users'; url: string; credentials: Credential[]; connected: number }
  /** A group of the first `size` users. */
  | { kind: 'group'; size: number }
  /** Sends one message after another for so long, or as many as `count` says. */
  | { kind: 'send'; group: string; seconds: number; count: number }
  /** Opens one socket for each credential, on both, and views the group there. */
  | { kind: 'view'; group: string; floorUrl: string; credentials: Credential[] }
  /** So many messages, each when the one before has come to every viewer. */
  | { kind: 'rounds'; on: 'server' | 'floor'; count: number }
  | { kind: 'stop' };

export type FanOutReply =
  | { kind: 'ready' }
  | { kind: 'group'; group: string; members: number }
  | { kind: 'sent'; count: number; seconds: number; cpuUs: number; ackMs: number[] }
  /** From the send to the last viewer, and the size of what each of them got. */
  | { kind: 'rounds'; lastMs: number[]; ackMs: number[]; bytes: number; cpuUs: number; seconds: number }
  | { kind: 'failed'; reason: string };
