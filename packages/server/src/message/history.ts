// Reading the log by range, for one user, within what that user may read.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { Pull } from '@parley/protocol/log';
import { PULL_ANSWER_MAX_BYTES, PULL_ENTRIES_MAX_COUNT } from '@parley/protocol/limits';
import type { GetVersions } from '@parley/protocol/message';
import type { MessageStore, Page, StoredEntry, StoredState } from '@parley/ports/message-store';
import type { HiddenMessages } from '../reading/hidden-messages.ts';
import type { Access, AccessRules } from './access.ts';
import { encodeEntries } from './entry-encoding.ts';
import type { MessageReader } from './message-reader.ts';
import type { ReceivedMarks } from './received-marks.ts';
import { statesUntil } from './states-until.ts';

export class History {
  readonly #messages: MessageStore;
  readonly #access: AccessRules;
  readonly #marks: ReceivedMarks;
  readonly #reader: MessageReader;
  readonly #hidden: HiddenMessages;

  constructor(parts: {
    messages: MessageStore;
    access: AccessRules;
    marks: ReceivedMarks;
    reader: MessageReader;
    hidden: HiddenMessages;
  }) {
    this.#messages = parts.messages;
    this.#access = parts.access;
    this.#marks = parts.marks;
    this.#reader = parts.reader;
    this.#hidden = parts.hidden;
  }

  /** The `pulled` frame, encoded; undefined for one who never was a member. */
  async pull(user: UserId, device: DeviceId, pull: Pull): Promise<string | undefined> {
    const conversation = pull.conversation_id;
    const access = await this.#access.of(conversation, user);
    if (access === undefined) return undefined;
    const after = pull.after ?? (await this.#received(user, device, conversation));
    const page = await this.#messages.read({
      conversation,
      after: Math.max(after, access.visibleAfter),
      to: access.until,
      limit: pull.limit ?? PULL_ENTRIES_MAX_COUNT,
      maxBytes: PULL_ANSWER_MAX_BYTES,
    });
    const { entries, states } = withinSize(page);
    const through = entries.at(-1)?.seq ?? access.until;
    // A former member is not told how far retention went beyond the end of the membership.
    const floor = Math.min(Math.max(page.floor, access.visibleAfter), access.until);
    const body = encodeEntries(entries);
    const allowed = await this.#allowed(user, conversation, states, access);
    const bodies = allowed.map((state) => state.body).join(',');
    const first = entries[0]?.from ?? through + 1;
    const hidden = await this.#hidden.among(user, conversation, first - 1, through);
    const hiddenField = hidden.length === 0 ? '' : `,"hidden":[${hidden.join(',')}]`;
    return `{"type":"pulled","ref":${pull.ref},"conversation_id":"${conversation}","after":${after},"entries":${body},"states":[${bodies}]${hiddenField},"through":${through},"head":${access.until},"floor":${floor}}`;
  }

  /** The `versions` frame, encoded; undefined where there is no such message for this user. */
  async versions(user: UserId, { ref, conversation_id, target }: GetVersions): Promise<string | undefined> {
    const rows = await this.#reader.versions(user, conversation_id, target);
    if (rows === undefined) return undefined;
    return `{"type":"versions","ref":${ref},"conversation_id":"${conversation_id}","target":${target},"entries":${encodeEntries(rows)}}`;
  }

  /**
   * A state may know of entries beyond those that the user may read. Whoever is a member after it was read was one when
   * those were written, since a removal is complete before the next entry is stored; to a former member a state says
   * what it said at the end.
   */
  async #allowed(
    user: UserId,
    conversation: ConversationId,
    states: readonly StoredState[],
    before: Access,
  ): Promise<readonly StoredState[]> {
    if (states.every((state) => state.asOf <= before.until)) return states;
    const now = before.removed ? before : await this.#access.of(conversation, user);
    if (now === undefined) return [];
    return now.removed ? statesUntil(this.#messages, conversation, states, now.until) : states;
  }

  async #received(user: UserId, device: DeviceId, conversation: ConversationId): Promise<Seq> {
    const marks = await this.#marks.of(user, device, [conversation]);
    return marks.get(conversation) ?? 0;
  }
}

/** States count to the size of an answer as entries do: a message that thousands reacted to has a large one. */
function withinSize({ entries, states }: Page): {
  entries: readonly StoredEntry[];
  states: readonly StoredState[];
} {
  if (states.length === 0) return { entries, states };
  const bySeq = new Map(states.map((state) => [state.seq, state]));
  let size = 0;
  const beyond = entries.findIndex((entry) => {
    const isFull = size > PULL_ANSWER_MAX_BYTES;
    size += entry.body.length + (bySeq.get(entry.seq)?.body.length ?? 0);
    return isFull;
  });
  if (beyond < 0) return { entries, states };
  const through = entries[beyond - 1]?.seq ?? 0;
  return { entries: entries.slice(0, beyond), states: states.filter((state) => state.seq <= through) };
}
