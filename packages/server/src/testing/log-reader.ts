// A client that follows the rules of PROTOCOL.md for one conversation: it keeps a cursor, takes pushes, pulls what it misses.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { TestClient } from './test-client.ts';

export class LogReader {
  readonly conversation: ConversationId;
  /** The seqs that were shown, in their order, by each seq's text or kind. */
  readonly shown: { readonly seq: Seq; readonly said: string }[] = [];
  client: TestClient | undefined;
  #cursor: Seq | undefined;

  constructor(conversation: ConversationId, client: TestClient) {
    this.conversation = conversation;
    this.client = client;
  }

  get cursor(): Seq {
    return this.#cursor ?? 0;
  }

  /** Handles all that came, pulls where something is missing, and confirms. */
  async read(): Promise<void> {
    const { client, conversation } = this;
    if (client === undefined) return;
    const before = this.#cursor;
    while (this.#take(client)) await this.#pull(client);
    if (this.cursor > (before ?? 0)) await client.mark(conversation, this.cursor);
  }

  /** Whether something is missing. */
  #take(client: TestClient): boolean {
    const frames = client.frames;
    client.clear();
    let missing = false;
    for (const frame of frames) {
      if (frame.type === 'heads') {
        for (const row of frame.rows) {
          if (row.conversation_id !== this.conversation) continue;
          this.#cursor ??= row.received;
          missing ||= row.head > this.#cursor;
        }
      } else if (frame.type === 'entries' && frame.conversation_id === this.conversation) {
        for (const entry of frame.entries) if (!this.#show(entry)) missing = true;
      }
    }
    return missing;
  }

  async #pull(client: TestClient): Promise<void> {
    for (;;) {
      const page = await client.pull(this.conversation, this.#cursor, 50);
      this.#cursor ??= page.after;
      for (const entry of page.entries) this.#show(entry);
      this.#cursor = Math.max(this.#cursor, page.floor, page.through);
      if (page.through >= page.head) return;
    }
  }

  /** False when it does not continue what was shown. */
  #show(entry: { seq: Seq; kind: string; client_msg_id: string }): boolean {
    if (entry.seq <= (this.#cursor ?? -1)) return true;
    if (this.#cursor === undefined || entry.seq > this.#cursor + 1) return false;
    this.#cursor = entry.seq;
    this.shown.push({ seq: entry.seq, said: `${entry.kind} ${entry.client_msg_id}` });
    return true;
  }
}
