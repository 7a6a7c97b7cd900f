// The words of the messages that are answered: of those seen lately, or asked for one by one.
import type { ChatClient, Message } from '@parley/client';
import type { NameBook } from './name-book.ts';
import { preview } from './said-text.ts';

const SEEN_MAX_COUNT = 1_000;
const QUOTE_COLUMNS = 60;

export class QuoteBook {
  readonly #client: Pick<ChatClient, 'message'>;
  readonly #names: NameBook;
  readonly #seen = new Map<number, Message>();

  constructor(client: Pick<ChatClient, 'message'>, names: NameBook) {
    this.#client = client;
    this.#names = names;
  }

  /** One of the same conversation that may be answered by one that follows. */
  see(message: Message): void {
    this.#seen.set(message.seq, message);
    const oldest = this.#seen.keys().next().value;
    if (this.#seen.size > SEEN_MAX_COUNT && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** What the message answers, in one harmless line; undefined where it answers none, or one that is not to be had. */
  async of({ conversation_id, reply_to }: Message): Promise<string | undefined> {
    if (reply_to === undefined) return undefined;
    const answered = this.#seen.get(reply_to) ?? (await this.#client.message(conversation_id, reply_to));
    if (answered === undefined) return undefined;
    const nameOf = await this.#names.namesForMessage(answered);
    const { content, deleted } = answered;
    const text = deleted ? '(deleted)' : (content.text ?? `(${content.kind})`);
    return preview(`${nameOf(answered.sender)}: ${text}`, QUOTE_COLUMNS);
  }
}
