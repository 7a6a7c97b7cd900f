// What the SDK tells besides entries, as a JSON line for scripts and in words for people.
import type { ClientEvent } from '@parley/client';
import { moment } from './moment.ts';

export type TellingEvent = Extract<ClientEvent, { kind: 'missing' | 'removed' }>;

/** The events that belong to the data: a script has to know that something will not come. */
export function isTelling(event: ClientEvent): event is TellingEvent {
  return event.kind === 'missing' || event.kind === 'removed';
}

/** {"event":"missing","conversation_id","from","to","reason","before"?} or {"event":"removed","conversation_id","seq"}. */
export function eventJson({ kind, ...fields }: TellingEvent): Record<string, unknown> {
  return { event: kind, ...fields };
}

/** `place` is the conversation in words, harmless for a terminal. */
export function eventWords(event: TellingEvent, place: string): string {
  if (event.kind === 'removed') return `You are no member of ${place} any more.`;
  const range = event.from === event.to ? `Message ${event.from}` : `Messages ${event.from} to ${event.to}`;
  if (event.reason === 'gone') return `${range} of ${place} are gone from the server.`;
  const age = event.before === undefined ? '' : ` (older than ${moment(event.before).date})`;
  return `${range} of ${place} waited for too long${age} and are not shown; parley history may still have them.`;
}
