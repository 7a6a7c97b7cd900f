// Reading the log by range, for one user, within what that user may read.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { Pull } from '@parley/protocol/log';
import { PULL_ANSWER_MAX_BYTES, PULL_ENTRIES_MAX_COUNT } from '@parley/protocol/limits';
import type { MessageStore } from '@parley/ports/message-store';
import type { AccessRules } from './access.ts';
import { encodeEntries } from './entry-encoding.ts';
import type { ReceivedMarks } from './received-marks.ts';

export class History {
  readonly #messages: MessageStore;
  readonly #access: AccessRules;
  readonly #marks: ReceivedMarks;

  constructor(parts: { messages: MessageStore; access: AccessRules; marks: ReceivedMarks }) {
    this.#messages = parts.messages;
    this.#access = parts.access;
    this.#marks = parts.marks;
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
    const through = page.entries.at(-1)?.seq ?? access.until;
    // A former member is not told how far retention went beyond the end of the membership.
    const floor = Math.min(Math.max(page.floor, access.visibleAfter), access.until);
    const body = encodeEntries(page.entries);
    return `{"type":"pulled","ref":${pull.ref},"conversation_id":"${conversation}","after":${after},"entries":${body},"through":${through},"head":${access.until},"floor":${floor}}`;
  }

  async #received(user: UserId, device: DeviceId, conversation: ConversationId): Promise<Seq> {
    const marks = await this.#marks.of(user, device, [conversation]);
    return marks.get(conversation) ?? 0;
  }
}
