// How the stores of one node fail, by chance and for a while.
import type { StoreCall, StoreFault } from '@parley/adapter-memory/memory-handle';
import type { Clock } from '@parley/ports/clock';
import type { Chance } from './chance.ts';

export type Weather =
  | { readonly kind: 'fair' }
  /** Each call may fail, in any way, with this probability. */
  | { readonly kind: 'unsteady'; readonly probability: number }
  | { readonly kind: 'full' }
  | { readonly kind: 'unavailable' }
  /** Reads fail with this probability; writes are fine. */
  | { readonly kind: 'unreadable'; readonly probability: number };

const FAIR: Weather = { kind: 'fair' };
const READS: ReadonlySet<string> = new Set([
  'state',
  'read',
  'find',
  'olderThan',
  'conversation',
  'direct',
  'members',
  'countMembers',
  'membership',
  'conversationsOf',
  'countConversationsOf',
  'behind',
  'received',
  'userByName',
  'userByExternalId',
  'usersByIds',
  'usersByNames',
  'devices',
  'token',
  'tokensOf',
]);

export class StoreWeather {
  readonly #chance: Chance;
  readonly #clock: Clock;
  #weather: Weather = FAIR;
  #untilMs = 0;

  constructor(parts: { chance: Chance; clock: Clock }) {
    this.#chance = parts.chance;
    this.#clock = parts.clock;
  }

  turn(weather: Weather, forMs: number): void {
    this.#weather = weather;
    this.#untilMs = this.#clock.monotonic() + forMs;
  }

  clear(): void {
    this.#weather = FAIR;
  }

  readonly decide = (call: StoreCall): StoreFault | undefined => {
    if (this.#clock.monotonic() >= this.#untilMs) this.#weather = FAIR;
    const isRead = READS.has(call.method);
    switch (this.#weather.kind) {
      case 'fair':
        return undefined;
      case 'full':
        return isRead ? undefined : 'storage_full';
      case 'unavailable':
        return 'unavailable';
      case 'unreadable':
        return isRead && this.#chance.happens(this.#weather.probability) ? 'unavailable' : undefined;
      case 'unsteady':
        return this.#chance.happens(this.#weather.probability) ? this.#anyFault(call, isRead) : undefined;
    }
  };

  #anyFault(call: StoreCall, isRead: boolean): StoreFault {
    if (isRead) return 'unavailable';
    const fault = this.#chance.weighted({
      unknown_applied: 4,
      unknown_not_applied: 4,
      unavailable: 2,
      storage_full: 1,
      lost_race: 2,
    });
    return fault === 'lost_race' && call.method !== 'claim' ? 'unavailable' : fault;
  }
}
