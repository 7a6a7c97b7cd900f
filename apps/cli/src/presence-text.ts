// Whether somebody is there: as a JSON object for scripts, and in words.
import type { PresenceRow } from '@parley/client';
import { clockTime, moment } from './moment.ts';
import { sanitizeLine } from './sanitize.ts';

/** {"user","state","last_seen"?}: `last_seen` of those who are offline, where it may be known. */
export function presenceJson({ state, last_seen }: PresenceRow, name: string): Record<string, unknown> {
  return { user: name, state, ...(last_seen === undefined ? {} : { last_seen }) };
}

export function presenceWords({ state, last_seen }: PresenceRow, name: string): string {
  const seen = last_seen === undefined ? '' : `, last seen ${moment(last_seen).date} ${clockTime(last_seen)}`;
  return `${sanitizeLine(name)} is ${state}${seen}`;
}
