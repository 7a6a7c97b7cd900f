// What conversations are called, for showing: asked for once each, and followed through renamings.
import { isKnownEntry, type AppEntry, type ChatClient } from '@parley/client';
import { conversationLabel } from './conversation-target.ts';
import { sanitizeLine } from './sanitize.ts';

const LABELS_MAX_COUNT = 10_000;

export class ConversationLabels {
  readonly #client: Pick<ChatClient, 'conversation'>;
  readonly #labels = new Map<string, string>();

  constructor(client: Pick<ChatClient, 'conversation'>) {
    this.#client = client;
  }

  /** The label of the entry's conversation, harmless for a terminal; its id where the server tells no more. */
  async of(entry: AppEntry): Promise<string> {
    const id = entry.conversation_id;
    if (isKnownEntry(entry) && (entry.kind === 'group_created' || entry.kind === 'group_renamed')) {
      this.#remember(id, sanitizeLine(entry.title));
    }
    const known = this.#labels.get(id);
    if (known !== undefined) return known;
    const label = await this.#client.conversation(id).then(conversationLabel, () => id);
    this.#remember(id, label);
    return label;
  }

  #remember(id: string, label: string): void {
    if (this.#labels.size >= LABELS_MAX_COUNT) this.#labels.clear();
    this.#labels.set(id, label);
  }
}
