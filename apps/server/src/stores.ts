// The stores of a server, wherever they are. The engines are loaded only where the configuration names one.
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { Randomness } from '@parley/ports/randomness';
import type { Timers } from '@parley/ports/timers';
import type { ChatServerOptions } from '@parley/server/chat-server';
import { openEmbeddedStores } from './embedded-stores.ts';
import type { StoresConfig } from './stores-config.ts';

export interface StoresParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly log: Log;
  /** As the server has it. */
  readonly largeGroupMembers: number;
}

type StorePorts = Pick<
  ChatServerOptions,
  | 'messages'
  | 'queue'
  | 'members'
  | 'accounts'
  | 'receipts'
  | 'personal'
  | 'contacts'
  | 'invites'
  | 'reports'
  | 'status'
  | 'ids'
>;

/** Why a server must stop. */
export type StoresEnd =
  | { readonly kind: 'failed'; readonly reason: string }
  /** Another server has the stores, or may have them. */
  | { readonly kind: 'replaced'; readonly reason: string };

export interface Stores extends AsyncDisposable {
  readonly ports: StorePorts;
  readonly ended: Promise<StoresEnd>;
  /** Whether they answer now. Never rejects. */
  readonly ready: () => Promise<boolean>;
  /** Where the server listens, for others that use the same stores. */
  readonly announce: (url: string, sessionsCount: () => number) => void;
  readonly place: StoresPlace;
}

/** Where everything is, without passwords. */
export type StoresPlace =
  | { readonly kind: 'embedded'; readonly directory: string }
  | { readonly kind: 'shared'; readonly messages: string; readonly members: string };

/** Rejects with an error whose message says what is wrong and what to do. */
export async function openStores(config: StoresConfig, parts: StoresParts): Promise<Stores> {
  if (config.kind === 'embedded') return openEmbeddedStores(config, parts);
  const { openSharedStores } = await import('./shared-stores.ts');
  return openSharedStores(config, parts);
}
