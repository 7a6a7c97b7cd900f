// What a conversation is to its reader: as a JSON object for scripts, and in words.
import type { StandingView } from '@parley/client';
import { moment } from './moment.ts';

/** A mute without an end: the last second that a four-digit year has. */
export const MUTED_FOR_GOOD_MS = Date.UTC(9999, 11, 31, 23, 59, 59);

/** {"conversation_id","read_seq","unread","mentions","muted_until"?,"archived","pinned"} */
export function standingJson(standing: StandingView): Record<string, unknown> {
  const { conversation_id, read, unread, mentions, muted_until, archived, pinned } = standing;
  return {
    conversation_id,
    read_seq: read,
    unread,
    mentions,
    ...(muted_until === undefined ? {} : { muted_until }),
    archived: archived === true,
    pinned: pinned === true,
  };
}

export function mutedWords({ muted_until }: StandingView): string {
  if (muted_until === undefined) return 'not muted';
  if (muted_until >= MUTED_FOR_GOOD_MS) return 'muted until you take it back with --off';
  const { date, time } = moment(muted_until);
  return `muted until ${date} ${time}`;
}

/** ", 3 unread (1 for you), muted, archived, pinned", as much of it as is so. */
export function standingWords({ unread, mentions, muted_until, archived, pinned }: StandingView): string {
  return [
    unread === 0 ? '' : `, ${unread} unread`,
    mentions === 0 ? '' : ` (${mentions} for you)`,
    muted_until === undefined ? '' : ', muted',
    archived === true ? ', archived' : '',
    pinned === true ? ', pinned' : '',
  ].join('');
}
