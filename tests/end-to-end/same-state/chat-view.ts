// What one installation of an app knows of its conversations, built from the SDK's entries and events alone.
import {
  ChatClient,
  type ClientEvent,
  isKnownEntry,
  MemoryClientStore,
  MessageFold,
  type AppEntry,
  UnreadCounter,
} from '@parley/client';

type Marks = Map<string, { received: number; read: number }>;

export class ChatView {
  readonly #folds = new Map<string, MessageFold>();
  readonly #heads = new Map<string, number>();
  readonly #marks = new Map<string, Marks>();
  readonly #store = new MemoryClientStore();
  readonly #follows = new Set<string>();
  readonly #counter: UnreadCounter;
  readonly #self: string;
  readonly #account: { url: string; token: string };
  #client: ChatClient | undefined;

  constructor(account: { url: string; token: string; user_id: string }) {
    this.#account = account;
    this.#self = account.user_id;
    this.#counter = new UnreadCounter({
      self: account.user_id,
      follows: (conversation, thread) => this.#follows.has(`${conversation} ${thread}`),
    });
  }

  get client(): ChatClient {
    if (this.#client === undefined) throw new Error('The view is not connected.');
    return this.#client;
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  /** Goes on where it was, as an app that is opened again. */
  async connect(): Promise<void> {
    this.#client = new ChatClient({
      ...this.#account,
      store: this.#store,
      onEntry: (entry) => this.#entry(entry),
      onEvent: (event) => this.#event(event),
    });
    await this.#client.connect();
    await this.#counter.load(this.#client);
  }

  async disconnect(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
  }

  head(conversation: string): number {
    return this.#heads.get(conversation) ?? 0;
  }

  /** What its user sees of a conversation, for comparison. */
  async shown(conversation: string): Promise<object> {
    // An app that is not sure of a count asks.
    if (!this.#counter.of(conversation).sure) await this.client.conversation(conversation);
    const { unread, mentions, read } = this.#counter.of(conversation);
    const marks = await this.#marksOf(conversation);
    return {
      messages: this.#folds.get(conversation)?.messages ?? [],
      unread,
      mentions,
      read,
      marks: [...marks].toSorted(([one], [other]) => (one < other ? -1 : 1)),
    };
  }

  /** What was pushed, over what the server says when it is asked first. */
  async #marksOf(conversation: string): Promise<Marks> {
    const marks: Marks = new Map();
    for await (const { user_id, received, read } of this.client.reading.watermarks(conversation))
      marks.set(user_id, { received, read });
    for (const [user, pushed] of this.#marks.get(conversation) ?? []) {
      const asked = marks.get(user);
      if (asked !== undefined && (pushed.received > asked.received || pushed.read > asked.read))
        throw new Error(`a push went beyond the truth: ${JSON.stringify({ user, pushed, asked })}`);
    }
    return marks;
  }

  #entry(entry: AppEntry): void {
    const before = this.#heads.get(entry.conversation_id) ?? 0;
    if ((entry.from ?? entry.seq) > before + 1 && before > 0)
      throw new Error(`${entry.seq} came after ${before}`);
    this.#heads.set(entry.conversation_id, entry.seq);
    this.#fold(entry.conversation_id).add(entry);
    this.#follow(entry);
    this.#counter.entry(entry);
  }

  /** [OWN-4] Who begins a thread or writes in it follows it. */
  #follow(entry: AppEntry): void {
    if (!isKnownEntry(entry) || entry.kind !== 'message' || entry.sender !== this.#self) return;
    this.#follows.add(`${entry.conversation_id} ${entry.thread ?? entry.seq}`);
  }

  #event(event: ClientEvent): void {
    this.#counter.event(event);
    if (event.kind === 'hidden') {
      for (const { conversation_id, seq } of event.rows) this.#fold(conversation_id).hide([seq]);
    } else if (event.kind === 'receipts') {
      const marks = this.#marks.get(event.conversation_id) ?? new Map();
      this.#marks.set(event.conversation_id, marks);
      for (const { user_id, received, read } of event.rows) marks.set(user_id, { received, read });
    }
  }

  #fold(conversation: string): MessageFold {
    const fold = this.#folds.get(conversation) ?? new MessageFold();
    this.#folds.set(conversation, fold);
    return fold;
  }
}
