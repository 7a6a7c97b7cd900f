// What the server says by itself, or in an answer, of what an app shows: the frame as the event that tells the app.
import type { Down } from '@parley/protocol/down';
import type { StandingView } from '@parley/protocol/reading';
import type { ClientEvent } from './event.ts';
import { settingsOf } from './people.ts';

/** None for a frame that tells the app nothing as it is. */
export function eventsOf(frame: Down): ClientEvent[] {
  switch (frame.type) {
    case 'standing':
      return [{ kind: 'standing', standing: frame.standing }];
    case 'unread':
      return standings(frame.rows);
    case 'conversation':
      return standings([frame.conversation.standing]);
    case 'conversations':
      return standings(frame.rows.map(({ standing }) => standing));
    case 'receipts':
      return [{ kind: 'receipts', conversation_id: frame.conversation_id, rows: frame.rows }];
    case 'user_typing': {
      const { conversation_id, user_id, for_ms } = frame;
      return [{ kind: 'typing', conversation_id, user_id, for_ms }];
    }
    case 'presence':
      return [{ kind: 'presence', snapshot: frame.snapshot === true, rows: frame.rows }];
    case 'settings':
      return [{ kind: 'settings', settings: settingsOf(frame) }];
    case 'user_blocked':
      return [{ kind: 'blocked', user_id: frame.user_id, blocked: frame.blocked }];
    default:
      return [];
  }
}

function standings(found: readonly (StandingView | undefined)[]): ClientEvent[] {
  return found.flatMap((standing) => (standing === undefined ? [] : [{ kind: 'standing', standing }]));
}
