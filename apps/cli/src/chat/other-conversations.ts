// News of other conversations while one is open: counted until everything missed is there, then one quiet line each.
import type { AppEntry, ChatClient } from '@parley/client';
import { ConversationLabels } from '../conversation-labels.ts';
import { entryText, type EntryText } from '../entry-text.ts';
import type { NameOf } from '../entry-users.ts';

const PREVIEW_WIDTH = 80;
const COUNTED_MAX_COUNT = 10_000;

export class OtherConversations {
  readonly #labels: ConversationLabels;
  readonly #missedIn = new Set<string>();
  #missed = 0;
  #counting = true;

  constructor(client: Pick<ChatClient, 'conversation'>) {
    this.#labels = new ConversationLabels(client);
  }

  /** The line to show for an entry of another conversation; undefined while they are only counted. */
  async note(entry: AppEntry, nameOf: NameOf): Promise<string | undefined> {
    if (this.#counting) {
      this.#missed++;
      if (this.#missedIn.size < COUNTED_MAX_COUNT) this.#missedIn.add(entry.conversation_id);
      return undefined;
    }
    const label = await this.#labels.of(entry);
    const text = entryText(entry, nameOf);
    return Bun.sliceAnsi(words(text, label), 0, PREVIEW_WIDTH, { ellipsis: '…' });
  }

  /** Everything that was missed is here: the line that sums it up, if there was anything. */
  caughtUp(): string | undefined {
    const counted = this.#missed;
    this.#counting = false;
    this.#missed = 0;
    if (counted === 0) return undefined;
    const where =
      this.#missedIn.size === 1 ? 'another conversation' : `${this.#missedIn.size} other conversations`;
    this.#missedIn.clear();
    return `${counted} new in ${where}; see parley conversations and parley history`;
  }
}

function words(text: EntryText, label: string): string {
  if (text.kind === 'event') return `[${label}] ${text.line}`;
  const said = text.lines.join(' ⏎ ');
  // A direct conversation is called by the other user's name.
  return text.sender === label ? `${label} wrote to you: ${said}` : `[${label}] ${text.sender}: ${said}`;
}
