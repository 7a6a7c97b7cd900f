// Tells the server what was read in an open chat: what is on the screen, at most once a second.
import type { ChatClient } from '@parley/client';

const TELL_AFTER_MS = 1_000;

export class ReadMark implements Disposable {
  readonly #client: Pick<ChatClient, 'reading'>;
  readonly #conversationId: string;
  #shown = 0;
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Pick<ChatClient, 'reading'>, conversationId: string) {
    this.#client = client;
    this.#conversationId = conversationId;
  }

  /** Everything up to `seq` is on the screen. */
  shown(seq: number): void {
    this.#shown = Math.max(this.#shown, seq);
    if (this.#shown > this.#told) this.#timer ??= setTimeout(() => void this.tell(), TELL_AFTER_MS); // `tell` never rejects
  }

  /** Tells what was not told yet. A refusal changes nothing here: another device has read further, or one is no member any more. */
  async tell(): Promise<void> {
    this[Symbol.dispose]();
    if (this.#shown <= this.#told) return;
    this.#told = this.#shown;
    await this.#client.reading.markRead(this.#conversationId, this.#told).catch(() => {});
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
