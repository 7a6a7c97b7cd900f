// A status as Redis keeps it: one line, with what it takes to compare two of them in front.
import type { Status } from '@parley/ports/status-cache';
import type { PresenceState } from '@parley/protocol/presence';
import type { Generation } from './lease-table.ts';

/** In place of a generation: the entry counts while its key is there. */
const NO_GENERATION = '-';

export interface StatusRecord {
  readonly status: Status;
  /** Under which the entry counts; undefined when it has a time of its own. */
  readonly lease: Generation | undefined;
}

export function formatStatus(status: Status, generation: string | undefined): string {
  const { sessionStart, counter, lastSeen, state, node } = status;
  return [sessionStart, counter, generation ?? NO_GENERATION, lastSeen, state, node].join(' ');
}

export function parseStatus(value: string): StatusRecord {
  const [sessionStart, counter, generation = NO_GENERATION, lastSeen, state, ...rest] = value.split(' ');
  const node = rest.join(' ');
  return {
    status: {
      state: state as PresenceState,
      node,
      sessionStart: Number(sessionStart),
      counter: Number(counter),
      lastSeen: Number(lastSeen),
    },
    lease: generation === NO_GENERATION ? undefined : { node, generation },
  };
}
