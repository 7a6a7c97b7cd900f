// One message as a user may read it: what it said at each version, and what it says now.
import type { Content } from '@parley/protocol/content';
import type { Origin } from '@parley/protocol/entry';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { MessageStore, StoredEntry } from '@parley/ports/message-store';
import type { AccessRules } from './access.ts';
import { isErased } from './erased.ts';
import { loadTarget, type Target } from './target.ts';

export type Present =
  | { readonly kind: 'found'; readonly content: Content; readonly origin: Origin }
  | { readonly kind: 'deleted' }
  /** No message, or none that the user may see. */
  | { readonly kind: 'not_found' };

interface Readable {
  readonly target: Target;
  /** Those that the user may read: not what came after a membership ended. */
  readonly edits: readonly Seq[];
}

export class MessageReader {
  readonly #messages: MessageStore;
  readonly #access: AccessRules;

  constructor(parts: { messages: MessageStore; access: AccessRules }) {
    this.#messages = parts.messages;
    this.#access = parts.access;
  }

  /** The message and its edits, oldest first; of a deleted one the message alone. */
  async versions(user: UserId, conversation: ConversationId, seq: Seq): Promise<StoredEntry[] | undefined> {
    const readable = await this.#readable(user, conversation, seq);
    if (readable === undefined) return undefined;
    const { target, edits } = readable;
    const rows: StoredEntry[] = [target.entry];
    for (const edit of edits) {
      const row = await this.#row(conversation, edit);
      if (row !== undefined) rows.push(row);
    }
    // It was deleted between two of these reads: what was read before is not given out.
    if (!rows.some((row) => isErased(row.body))) return rows;
    return this.#alone(conversation, seq);
  }

  /**
   * The message and, where it was edited, its last edit: what it said first and what it says now. Of a deleted one the
   * message alone.
   */
  async said(user: UserId, conversation: ConversationId, seq: Seq): Promise<StoredEntry[] | undefined> {
    const readable = await this.#readable(user, conversation, seq);
    if (readable === undefined) return undefined;
    const { target, edits } = readable;
    const last = edits.at(-1);
    const row = last === undefined ? undefined : await this.#row(conversation, last);
    if (row === undefined) return [target.entry];
    if (!isErased(target.entry.body) && !isErased(row.body)) return [target.entry, row];
    // It was deleted between the two reads, or before: what was read before is not given out.
    return this.#alone(conversation, seq);
  }

  async present(user: UserId, conversation: ConversationId, seq: Seq): Promise<Present> {
    const readable = await this.#readable(user, conversation, seq);
    if (readable === undefined) return { kind: 'not_found' };
    const { entry, body } = readable.target;
    const last = readable.edits.at(-1);
    const row = last === undefined ? entry : await this.#row(conversation, last);
    if (row === undefined || isErased(entry.body) || isErased(row.body)) return { kind: 'deleted' };
    const { content } = JSON.parse(row.body) as { content: Content };
    const origin = body.forwarded ?? { message_id: entry.messageId, sender: entry.sender, at: entry.at };
    return { kind: 'found', content, origin };
  }

  async #readable(user: UserId, conversation: ConversationId, seq: Seq): Promise<Readable | undefined> {
    const access = await this.#access.of(conversation, user);
    if (access === undefined || seq <= access.visibleAfter || seq > access.until) return undefined;
    const target = await loadTarget(this.#messages, conversation, seq, 0);
    if (target === undefined) return undefined;
    return { target, edits: target.state.edits.filter((edit) => edit <= access.until) };
  }

  async #alone(conversation: ConversationId, seq: Seq): Promise<StoredEntry[] | undefined> {
    const target = await loadTarget(this.#messages, conversation, seq, 0);
    return target === undefined ? undefined : [target.entry];
  }

  async #row(conversation: ConversationId, seq: Seq): Promise<StoredEntry | undefined> {
    const range = { conversation, after: seq - 1, to: seq, limit: 1, maxBytes: 0 };
    const [row] = (await this.#messages.read(range)).entries;
    return row;
  }
}
