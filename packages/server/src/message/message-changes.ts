// The changes of a message, each decided against the roster and the message that are true at its seq.
import type { Mentions } from '@parley/protocol/content';
import { fault, type Fault } from '@parley/protocol/error-code';
import type { Seq, UserId } from '@parley/protocol/ids';
import { EDITS_MAX_COUNT, REACTION_KINDS_MAX_COUNT } from '@parley/protocol/limits';
import type { DeleteMessage, EditMessage, PinMessage, React } from '@parley/protocol/message';
import type { Membership } from '@parley/ports/member-store';
import { mayIn } from '../group/permissions.ts';
import type { Roster } from '../group/roster.ts';
import { isErased } from './erased.ts';
import { NOT_MEMBER, type Change, type Decision } from './submission.ts';
import type { Target } from './target.ts';

/** How one kind of change is decided, and recognised when it is asked for again under the same id. */
export type MessageChange = Pick<Change, 'entryKind' | 'decide' | 'matches'> & { readonly target: Seq };

const NOT_FOUND = fault('not_found', 'There is no such message.', { field: 'target' });
const DELETED = fault('deleted', 'The message was deleted.', { field: 'target' });
const TOO_LATE = fault('too_late', 'The time in which its author may change the message is over.');

function forbidden(message: string): Decision {
  return { fault: fault('forbidden', message) };
}

/** Undefined: an author may edit and delete for ever. */
type EditWindowMs = number | undefined;

export function messageEdited(author: UserId, frame: EditMessage, windowMs: EditWindowMs): MessageChange {
  const { target: seq, version, content, mentions } = frame;
  const body = { target: seq, content, mentions };
  return {
    target: seq,
    entryKind: 'message_edited',
    decide: deciding(author, (_row, target) => {
      if (target.entry.sender !== author) return forbidden('Only its author edits a message.');
      // The words are somebody else's, and `forwarded` says so.
      if (target.body.forwarded !== undefined) return forbidden('A forwarded message is not edited.');
      if (isTooLate(target, windowMs)) return { fault: TOO_LATE };
      if (version !== target.state.version) {
        const reason = 'The message has changed meanwhile.';
        return { fault: fault('stale_version', reason, { field: 'version', version: target.state.version }) };
      }
      if (target.state.edits.length >= EDITS_MAX_COUNT) {
        return { fault: fault('limit_reached', `A message is edited at most ${EDITS_MAX_COUNT} times.`) };
      }
      return { body };
    }),
    matches: (other) => {
      const { target, content: present } = other as { target: Seq; content: object; mentions?: Mentions };
      return target === seq && (isErased(JSON.stringify({ content: present })) || same(other, body));
    },
  };
}

export function messageDeleted(asker: UserId, frame: DeleteMessage, windowMs: EditWindowMs): MessageChange {
  const body = { target: frame.target };
  return {
    target: frame.target,
    entryKind: 'message_deleted',
    decide: deciding(asker, (row, target, roster) => {
      if (mayIn(roster.kind, row.role, 'delete_any')) return { body };
      if (target.entry.sender !== asker)
        return forbidden('Only its author and, in a group, the owner and admins may delete a message.');
      return isTooLate(target, windowMs) ? { fault: TOO_LATE } : { body };
    }),
    matches: (other) => same(other, body),
  };
}

export function messageReacted(asker: UserId, frame: React): MessageChange {
  const { target: seq, emoji, remove = false } = frame;
  const body = { target: seq, emoji };
  return {
    target: seq,
    entryKind: remove ? 'reaction_removed' : 'reaction_added',
    decide: deciding(asker, (_row, { state: { reactions } }) => {
      const present = reactions.find((reaction) => reaction.emoji === emoji);
      const isSet = present?.users.includes(asker) === true;
      if (isSet !== remove) {
        const reason = remove ? 'You have no such reaction to take back.' : 'You reacted with this already.';
        return { fault: fault('invalid_field', reason, { field: 'emoji' }) };
      }
      if (!remove && present === undefined && reactions.length >= REACTION_KINDS_MAX_COUNT) {
        const reason = `A message has at most ${REACTION_KINDS_MAX_COUNT} different reactions.`;
        return { fault: fault('limit_reached', reason, { field: 'emoji' }) };
      }
      return { body };
    }),
    matches: (other) => same(other, body),
  };
}

export function messagePinned(asker: UserId, frame: PinMessage): MessageChange {
  const { target: seq, remove = false } = frame;
  const body = { target: seq };
  return {
    target: seq,
    entryKind: remove ? 'message_unpinned' : 'message_pinned',
    decide: deciding(asker, (row, target, roster) => {
      if (!mayIn(roster.kind, row.role, 'pin'))
        return forbidden(`Your role (${row.role}) does not allow this.`);
      if ((target.state.pinned === true) !== remove) {
        const reason = remove ? 'The message is not pinned.' : 'The message is pinned already.';
        return { fault: fault('invalid_field', reason, { field: 'target' }) };
      }
      return { body };
    }),
    matches: (other) => same(other, body),
  };
}

/** What every change asks first: a member, a message that the member may see, and that it is not deleted. */
function deciding(
  asker: UserId,
  decide: (row: Membership, target: Target, roster: Roster) => Decision,
): Change['decide'] {
  return (roster, target): Decision => {
    const row = roster.get(asker);
    const refusal = refusalOf(row, target);
    if (row === undefined || target === undefined || refusal !== undefined) {
      return { fault: refusal ?? NOT_FOUND };
    }
    return decide(row, target, roster);
  };
}

function refusalOf(row: Membership | undefined, target: Target | undefined): Fault | undefined {
  if (row === undefined || row.leftSeq !== undefined) return NOT_MEMBER;
  if (target === undefined || target.entry.seq <= row.visibleAfter) return NOT_FOUND;
  return target.state.deleted ? DELETED : undefined;
}

function isTooLate(target: Target, windowMs: EditWindowMs): boolean {
  return windowMs !== undefined && target.ageMs > windowMs;
}

/** Bodies are made by the functions above, so the same change always has the same text. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
