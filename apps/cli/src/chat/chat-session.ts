// One open chat: joins the SDK, the screen and the line editor until the user leaves.
import { foldEntries, type AppEntry, type ChatClient, type ClientEvent } from '@parley/client';
import type { ConversationView, Message, SendOptions, TimelineItem } from '@parley/client';
import type { CliContext } from '../context.ts';
import { conversationLabel } from '../conversation-target.ts';
import type { Ending } from '../ending.ts';
import { entryText, type EntryText } from '../entry-text.ts';
import { isHidden } from '../entry-users.ts';
import { eventWords, isTelling, type TellingEvent } from '../event-words.ts';
import { textProblem } from '../message-text.ts';
import { NameBook } from '../name-book.ts';
import { plural } from '../plural.ts';
import { QuoteBook } from '../quote-book.ts';
import { saidText } from '../said-text.ts';
import { refusalOf } from '../sdk-error.ts';
import type { Session } from '../session.ts';
import { ChatRoom } from './chat-room.ts';
import { ChatTerminal } from './chat-terminal.ts';
import { LineEditor } from './line-editor.ts';
import { MessageCommands } from './message-commands.ts';
import { OtherConversations } from './other-conversations.ts';
import { ReadMark } from './read-mark.ts';
import { Screen } from './screen.ts';
import { HELP_LINES, readTypedLine } from './slash-command.ts';
import { Writers } from './writers.ts';

/** Messages shown on entry; more of them where more was missed, up to a bound. */
const HISTORY_COUNT = 20;
const MISSED_MAX_COUNT = 200;
const MEMBERS_SHOWN_MAX_COUNT = 100;
/** On leaving, messages that are under way get this long to be stored. */
const LEAVE_WAIT_MS = 3_000;
const LEAVE_POLL_MS = 20;

export interface ChatSessionOptions {
  readonly context: CliContext;
  readonly session: Session;
  readonly conversation: ConversationView;
  readonly ending: Ending;
}

export class ChatSession {
  readonly #options: ChatSessionOptions;
  readonly #client: ChatClient;
  readonly #editor: LineEditor;
  readonly #room: ChatRoom;
  readonly #screen: Screen;
  readonly #names: NameBook;
  readonly #others: OtherConversations;
  readonly #quotes: QuoteBook;
  readonly #commands: MessageCommands;
  readonly #writers: Writers;
  readonly #readMark: ReadMark;

  constructor(options: ChatSessionOptions) {
    const { context, session, ending } = options;
    this.#options = options;
    this.#client = session.client;
    this.#names = new NameBook(session.client);
    this.#others = new OtherConversations(session.client);
    this.#quotes = new QuoteBook(session.client, this.#names);
    this.#commands = new MessageCommands(session.client, options.conversation.conversation_id);
    this.#readMark = new ReadMark(session.client, options.conversation.conversation_id);
    this.#writers = new Writers({
      nameOf: async (userId) => (await this.#names.namesOf([userId]))(userId),
      changed: () => this.#showWriters(),
    });
    const leave = (): void => ending.end({ kind: 'asked' });
    this.#editor = new LineEditor({
      changed: () => this.#edited(),
      submitted: (line) => this.#run(this.#typed(line)),
      interrupted: () => (this.#editor.line === '' ? leave() : this.#editor.clear()),
      ended: leave,
      redraw: () => this.#screen.clear(),
      cut: () => this.#run(this.#room.note('That is longer than one message may be; the end was cut off.')),
    });
    this.#room = new ChatRoom({ self: session.profile, colors: context.colors, editor: this.#editor });
    this.#screen = new Screen({
      output: context.stdout,
      size: () => ChatTerminal.size(),
      live: (size) => this.#room.live(size),
      failed: (error) => ending.end({ kind: 'failed', error }),
    });
    this.#room.use(this.#screen);
  }

  /** Shows the last entries, then lives until the ending; leaves the terminal as it was. */
  async run(): Promise<void> {
    const { ending } = this.#options;
    using _terminal = new ChatTerminal({
      input: (chunk) => this.#editor.push(chunk),
      ended: () => ending.end({ kind: 'asked' }),
      resized: () => this.#screen.redraw(),
    });
    const { conversation } = this.#options;
    try {
      // In a large group only what is on a screen is pushed at once.
      if (conversation.kind === 'group') this.#client.groups.view([conversation.conversation_id]);
      await this.#welcome();
      this.#ready.resolve();
      await ending.reason;
      await this.#settle();
      if (this.#client.state.kind === 'online')
        await Promise.race([this.#readMark.tell(), pause(LEAVE_WAIT_MS)]);
    } finally {
      this.#readMark[Symbol.dispose]();
      this.#writers[Symbol.dispose]();
      this.#editor[Symbol.dispose]();
      await this.#screen.close();
    }
  }

  /** Why the last message waits, so that each of its retries is not told anew. */
  #delayTold = '';
  readonly #ready = Promise.withResolvers<void>();

  /** Messages and commands that the server had not answered when the user left. */
  get unsent(): readonly string[] {
    return [...this.#room.own.unanswered.map(({ text }) => text), ...this.#commands.unanswered];
  }

  /** Resolves when the entry is on the screen, and only then it is acknowledged. */
  async entry(entry: AppEntry): Promise<void> {
    if (entry.conversation_id !== this.#options.conversation.conversation_id) {
      const line = await this.#others.note(entry, await this.#names.namesFor(entry));
      if (line !== undefined) await this.#room.note(line);
      return;
    }
    await this.#ready.promise;
    this.#writers.wrote(entry.sender);
    if (entry.seq > this.#room.shownSeq) await this.#room.entry(entry, await this.#textOf(entry));
    this.#readMark.shown(entry.seq);
  }

  event(event: ClientEvent): void {
    if (event.kind === 'connection') this.#room.connection(event.state);
    else if (event.kind === 'queue_empty') {
      const line = this.#others.caughtUp();
      if (line !== undefined) this.#run(this.#room.note(line));
    } else if (isTelling(event)) {
      this.#run(this.#tell(event));
    } else if (event.kind === 'delayed') {
      const words = `Not sent yet: ${refusalOf(event.error).message}`;
      if (words !== this.#delayTold) this.#run(this.#room.note(words));
      this.#delayTold = words;
    } else if (event.kind === 'typing') {
      if (event.conversation_id === this.#options.conversation.conversation_id)
        this.#writers.heard(event.user_id, event.for_ms);
    }
  }

  #showWriters(): void {
    this.#room.writing = this.#writers.words;
    this.#screen.redraw();
  }

  /** A key: the others are told that one writes, but not of commands, and what is all deleted is written no more. */
  #edited(): void {
    const { line } = this.#editor;
    const isCommand = line.startsWith('/') && !line.startsWith('//');
    if (!isCommand)
      this.#client.presence.typing(this.#options.conversation.conversation_id, { stopped: line === '' });
    this.#screen.redraw();
  }

  /** Of a removal that was missed only where it still holds: somebody may have added the user again meanwhile. */
  async #tell(event: TellingEvent): Promise<void> {
    const { conversation } = this.#options;
    const { conversation_id } = event;
    const here = conversation_id === conversation.conversation_id ? conversation : undefined;
    // What cannot be looked up is told as it came.
    const now = await this.#client.conversation(conversation_id).catch(() => here);
    if (event.kind === 'removed' && now?.kind === 'group' && now.role !== undefined && now !== here) return;
    const place = now === undefined ? `conversation ${conversation_id}` : conversationLabel(now);
    await this.#room.note(eventWords(event, place));
  }

  async #welcome(): Promise<void> {
    const { conversation, session } = this.#options;
    const { conversation_id, kind, head, received, members } = conversation;
    const label = conversationLabel(conversation);
    const what = kind === 'direct' ? `Chat with ${label}` : `${label}, ${plural(members, 'member')}`;
    await this.#room.note(`${what}. You are ${session.profile.name}. /help for help, Ctrl-D leaves.`);
    if (head === 0) return;
    const count = Math.max(HISTORY_COUNT, Math.min(head - received, MISSED_MAX_COUNT));
    const items = await this.#last(count, head);
    if (items.length === count && seqOf(items[0]) > 1)
      await this.#room.note(`Earlier: parley history --conversation ${conversation_id}`);
    await this.#showItems(items);
    this.#room.shownUpTo(head);
    this.#readMark.shown(head);
  }

  async #last(count: number, to?: number): Promise<TimelineItem[]> {
    const { conversation, session } = this.#options;
    const range = { last: count, ...(to === undefined ? {} : { to }) };
    const items: TimelineItem[] = [];
    for await (const item of session.answers(this.#client.timeline(conversation.conversation_id, range)))
      items.push(item);
    return items;
  }

  async #showItems(items: readonly TimelineItem[]): Promise<void> {
    for (const item of items) {
      if (item.kind === 'message') await this.#room.show(item.message, await this.#messageText(item.message));
      else await this.#room.show(item.entry, await this.#textOf(item.entry));
    }
  }

  /** An entry that came now, in words. */
  async #textOf(entry: AppEntry): Promise<EntryText> {
    const [message] = entry.kind === 'message' && !isHidden(entry) ? foldEntries([entry]) : [];
    if (message !== undefined) return await this.#messageText(message);
    return entryText(entry, await this.#names.namesFor(entry));
  }

  async #messageText(message: Message): Promise<EntryText> {
    // What it answers is worth a question, but not the chat: without an answer its number is shown.
    const quote = await this.#quotes.of(message).catch(() => undefined);
    return saidText(message, await this.#names.namesForMessage(message), quote);
  }

  async #typed(line: string): Promise<void> {
    this.#client.reconnectNow();
    const typed = readTypedLine(line);
    switch (typed.kind) {
      case 'nothing':
        return;
      case 'message':
        return await this.#send(typed.text);
      case 'reply':
        return await this.#send(typed.text, { replyTo: typed.seq });
      case 'edit':
      case 'delete':
      case 'react': {
        const refusal = await this.#commands.run(typed, line);
        return refusal === undefined ? undefined : await this.#room.note(refusal);
      }
      case 'numbers':
        return await this.#toggleNumbers();
      case 'incomplete':
        return await this.#room.note(`It is used like this: ${typed.usage}. /numbers shows the numbers.`);
      case 'help':
        return await this.#room.note(...HELP_LINES);
      case 'members':
        return await this.#showMembers();
      case 'quit':
        return this.#options.ending.end({ kind: 'asked' });
      case 'unknown':
        return await this.#room.note(
          `There is no command ${typed.command}. /help lists them; // sends a message with /.`,
        );
    }
  }

  /** What is on the screen already cannot get numbers: the last messages are shown once more. */
  async #toggleNumbers(): Promise<void> {
    this.#room.numbers = !this.#room.numbers;
    if (!this.#room.numbers) return await this.#room.note('Numbers are off.');
    try {
      await this.#showItems(await this.#last(HISTORY_COUNT));
    } catch (error) {
      await this.#room.note(refusalOf(error).message);
    }
  }

  async #send(text: string, options: SendOptions = {}): Promise<void> {
    const problem = textProblem(text);
    if (problem !== undefined) return await this.#room.refused(text, problem.message);
    const message = this.#room.own.add(text);
    this.#screen.redraw();
    try {
      const { seq } = await this.#client.send(this.#options.conversation.conversation_id, text, options);
      this.#delayTold = '';
      this.#room.own.stored(message, seq, this.#room.shownSeq);
      this.#screen.redraw();
    } catch (error) {
      // What still waits when the client is closed is reported by `unsent`.
      if (this.#client.state.kind === 'closed') return;
      this.#room.own.remove(message);
      await this.#room.refused(text, refusalOf(error).message);
    }
  }

  async #showMembers(): Promise<void> {
    const { conversation, session } = this.#options;
    if (conversation.kind === 'direct') {
      return await this.#room.note(
        `${session.profile.name} and ${conversation.peer?.name ?? 'somebody who has gone'}`,
      );
    }
    const names: string[] = [];
    let more = '';
    try {
      for await (const { name, role } of this.#client.members(conversation.conversation_id)) {
        if (names.length === MEMBERS_SHOWN_MAX_COUNT) {
          more = ' and more: parley group members lists all';
          break;
        }
        names.push(role === 'member' ? name : `${name} (${role})`);
      }
    } catch (error) {
      return await this.#room.note(refusalOf(error).message);
    }
    await this.#room.note(`${names.join(', ')}${more}`);
  }

  /** A message that was just entered is on its way: it gets a moment before the connection is closed. */
  async #settle(): Promise<void> {
    for (let waited = 0; waited < LEAVE_WAIT_MS; waited += LEAVE_POLL_MS) {
      if (this.unsent.length === 0 || this.#client.state.kind !== 'online') return;
      await pause(LEAVE_POLL_MS);
    }
  }

  /** For what is begun by a key or an event: whatever goes wrong ends the chat with its reason. */
  #run(work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.ending.end({ kind: 'failed', error }));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function seqOf(item: TimelineItem | undefined): number {
  if (item === undefined) return 0;
  return item.kind === 'message' ? item.message.seq : item.entry.seq;
}
