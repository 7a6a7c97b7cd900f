// The least server that keeps the promises of PROTOCOL.md: logs in memory, idempotent sends, hints that may be lost.
import type { FakeSocket, FakeWorld } from './fake-world.ts';
import type { Frame } from './fake-world.ts';
import { WELCOME } from './harness.ts';
import { standingOf, wireMentions, type ModelStanding } from './model-standing.ts';

export type ModelEntry = {
  seq: number;
  client_msg_id: string;
  sender: string;
  kind: 'message' | 'message_edited' | 'message_deleted' | 'reaction_added' | 'reaction_removed';
  /** What a message or an edit says, or the emoji of a reaction. */
  text: string;
  /** The message that a change is about. */
  target?: number;
  mentions?: 'me' | 'all' | 'other' | undefined;
};

/** What the network and the server do to a client; each is asked anew every time. */
export type Chaos = {
  dropPush: () => boolean;
  repeatPush: () => boolean;
  /** Milliseconds until a message arrives. */
  delayMs: () => number;
  loseAnswer: () => boolean;
  answerLater: () => boolean;
};

export class ModelServer {
  readonly logs = new Map<string, ModelEntry[]>();
  readonly #received = new Map<string, number>();
  /** How far user 11 has read. */
  readonly #read = new Map<string, number>();
  readonly #world: FakeWorld;
  readonly #chaos: Chaos;
  #socket: FakeSocket | undefined;
  #queueEmptyTold = false;
  chaotic = true;
  /** Frames on their way that say what is unread. */
  standingsUnderWay = 0;
  /** One of them was lost: the client finds out when it gives the connection up. */
  standingLost = false;

  constructor(world: FakeWorld, chaos: Chaos) {
    this.#world = world;
    this.#chaos = chaos;
  }

  /** Takes over a socket that the client has just opened. */
  accept(socket: FakeSocket): void {
    this.#socket = socket;
    this.#queueEmptyTold = false;
    this.standingLost = false;
    socket.onText = (text) => {
      for (const frame of JSON.parse(text) as Frame[]) this.#handle(socket, frame);
    };
    socket.accept();
  }

  log(conversation_id: string): ModelEntry[] {
    const log = this.logs.get(conversation_id) ?? [];
    this.logs.set(conversation_id, log);
    return log;
  }

  /** Another user writes. */
  write(conversation_id: string, text: string, mentions?: ModelEntry['mentions']): void {
    this.#appendOther(conversation_id, { kind: 'message', text, mentions });
  }

  /** Another user edits a message of its own, or deletes it. */
  change(conversation_id: string, target: number, mentions: ModelEntry['mentions'] | 'deleted'): void {
    const state = messageState(this.log(conversation_id), target);
    if (state === undefined || state.deleted || state.sender !== '12') return;
    if (mentions === 'deleted')
      this.#appendOther(conversation_id, { kind: 'message_deleted', text: '', target });
    else this.#appendOther(conversation_id, { kind: 'message_edited', text: 'edited', target, mentions });
  }

  standing(conversation_id: string): ModelStanding {
    return standingOf(conversation_id, this.log(conversation_id), this.#read.get(conversation_id) ?? 0);
  }

  /** Another device of the user reads up to `seq`, or marks it unread. */
  readElsewhere(conversation_id: string, seq: number, unread: boolean): void {
    if (this.#setRead(conversation_id, seq, unread))
      this.#send({ type: 'standing', standing: this.standing(conversation_id) });
  }

  #setRead(conversation_id: string, seq: number, unread: boolean): boolean {
    const before = this.#read.get(conversation_id) ?? 0;
    const fits = unread ? seq > 0 && seq <= before : seq >= before && seq <= this.log(conversation_id).length;
    if (fits) this.#read.set(conversation_id, unread ? seq - 1 : seq);
    return fits;
  }

  /** Another user adds a reaction to a message, or takes it back. */
  toggle(conversation_id: string, target: number, text: string): void {
    const state = messageState(this.log(conversation_id), target);
    if (state === undefined || state.deleted) return;
    const has = state.reactions.some(({ emoji, users }) => emoji === text && users.includes('12'));
    this.#appendOther(conversation_id, { kind: has ? 'reaction_removed' : 'reaction_added', text, target });
  }

  /** A crash of the server: marks of the last moments are gone. */
  forgetMarks(): void {
    for (const [id, seq] of this.#received) this.#received.set(id, Math.max(0, seq - 3));
  }

  /** The look that the server does at the beginning and from time to time. */
  look(): void {
    const rows = [...this.logs].flatMap(([conversation_id, log]) => {
      const received = this.#received.get(conversation_id) ?? 0;
      return log.length > received ? [{ conversation_id, head: log.length, floor: 0, received }] : [];
    });
    if (rows.length > 0) this.#send({ type: 'heads', rows });
  }

  #handle(socket: FakeSocket, frame: Frame): void {
    if (socket !== this.#socket) return;
    switch (frame.type) {
      case 'hello':
        this.#send(WELCOME);
        this.look();
        this.#maybeQueueEmpty();
        return;
      case 'send':
        this.#onSend(frame);
        return;
      case 'edit_message':
      case 'delete_message':
      case 'react':
        this.#onChange(frame);
        return;
      case 'pull':
        this.#onPull(frame);
        return;
      case 'read':
      case 'mark_unread':
        return this.#onRead(frame);
      case 'list_conversations':
        return this.#answer({
          type: 'conversations',
          ref: frame.ref,
          rows: [...this.logs.keys()].map((id) => this.#view(id)),
        });
      case 'get_conversation':
        return this.#answer({
          type: 'conversation',
          ref: frame.ref,
          conversation: this.#view(frame.conversation_id),
        });
      case 'list_hidden':
        this.#answer({ type: 'hidden', ref: frame.ref, rows: [] });
        return;
      case 'received':
        for (const { conversation_id, seq } of frame.marks) {
          if (seq > this.log(conversation_id).length) throw new Error('[RECV-2] a mark beyond the head');
          this.#received.set(conversation_id, Math.max(seq, this.#received.get(conversation_id) ?? 0));
        }
        this.#maybeQueueEmpty();
        return;
      default:
    }
  }

  #onRead({ ref, conversation_id, type, seq }: Frame): void {
    const refused = { type: 'error', ref, code: 'invalid_field', message: 'No.', retry: 'no' };
    const fits = this.#setRead(conversation_id, Number(seq), type === 'mark_unread');
    this.#answer(fits ? { type: 'standing', ref, standing: this.standing(conversation_id) } : refused);
  }

  #view(conversation_id: string): object {
    const { length: head } = this.log(conversation_id);
    const more = { kind: 'group', title: 't', role: 'member', members: 2, head, floor: 0, received: 0 };
    return { conversation_id, ...more, standing: this.standing(conversation_id) };
  }

  #onSend({ ref, conversation_id, messages }: Frame): void {
    const later = { code: 'unavailable', message: 'Not now.', retry: 'later' };
    let refusing = false;
    const results = messages.map(({ client_msg_id, content }) => {
      refusing ||= this.chaotic && this.#chaos.answerLater();
      if (refusing) return { client_msg_id, error: later };
      const known = this.log(conversation_id).find((entry) => entry.client_msg_id === client_msg_id);
      const entry: ModelEntry = known ?? {
        seq: this.log(conversation_id).length + 1,
        client_msg_id,
        kind: 'message',
        text: content.text,
        sender: '11',
      };
      if (known === undefined) this.#append(conversation_id, entry);
      return { client_msg_id, seq: entry.seq, message_id: idOf(conversation_id, entry.seq), at: 1 };
    });
    this.#answer({ type: 'sent', ref, conversation_id, results });
  }

  #onChange(frame: Frame): void {
    const { ref, conversation_id, client_msg_id, type } = frame;
    const log = this.log(conversation_id);
    const target = Number(frame['target']);
    const answer = (entry: ModelEntry): void =>
      this.#answer({
        type: 'changed',
        ref,
        conversation_id,
        seq: entry.seq,
        message_id: idOf(conversation_id, entry.seq),
        at: 1,
      });
    const refuse = (code: string, retry: string): void =>
      this.#answer({ type: 'error', ref, code, message: 'No.', retry });
    const known = log.find((entry) => entry.client_msg_id === client_msg_id);
    if (known !== undefined) return answer(known);
    if (this.chaotic && this.#chaos.answerLater()) return refuse('unavailable', 'later');
    const state = messageState(log, target);
    if (state === undefined) return refuse('not_found', 'no');
    if (state.deleted) return refuse('deleted', 'no');
    if (type !== 'react' && state.sender !== '11') return refuse('forbidden', 'no');
    if (type === 'edit_message' && frame['version'] !== state.version) return refuse('stale_version', 'no');
    const emoji = String(frame['emoji']);
    const has = state.reactions.some((reaction) => reaction.emoji === emoji && reaction.users.includes('11'));
    if (type === 'react' && has !== (frame['remove'] === true)) return refuse('invalid_field', 'no');
    const made = { seq: log.length + 1, client_msg_id, sender: '11', target };
    if (type === 'edit_message') {
      const text = (frame['content'] as { text: string }).text;
      this.#append(conversation_id, { ...made, kind: 'message_edited', text });
    } else if (type === 'delete_message') {
      this.#append(conversation_id, { ...made, kind: 'message_deleted', text: '' });
    } else {
      const kind = has ? 'reaction_removed' : 'reaction_added';
      this.#append(conversation_id, { ...made, kind, text: emoji });
    }
    answer(log.at(-1)!);
  }

  #onPull({
    ref,
    conversation_id,
    after = this.#received.get(conversation_id) ?? 0,
    limit = 100,
  }: Frame): void {
    const log = this.log(conversation_id);
    const page = log.slice(after, after + limit);
    const entries = page.map((entry) => wire(conversation_id, entry, log));
    const states = page.flatMap(({ seq }) => {
      const { sender: _, ...state } = messageState(log, seq) ?? { as_of: seq };
      return state.as_of === seq ? [] : [state];
    });
    const through = after + entries.length;
    this.#answer({
      type: 'pulled',
      ref,
      conversation_id,
      after,
      entries,
      states,
      through,
      head: log.length,
      floor: 0,
    });
  }

  #appendOther(conversation_id: string, what: Omit<ModelEntry, 'seq' | 'client_msg_id' | 'sender'>): void {
    const seq = this.log(conversation_id).length + 1;
    this.#append(conversation_id, {
      ...what,
      seq,
      client_msg_id: `other-${conversation_id}-${seq}`,
      sender: '12',
    });
  }

  #append(conversation_id: string, entry: ModelEntry): void {
    this.log(conversation_id).push(entry);
    if (this.chaotic && this.#chaos.dropPush()) return;
    const frame = {
      type: 'entries',
      conversation_id,
      entries: [wire(conversation_id, entry, this.log(conversation_id))],
    };
    this.#send(frame);
    if (this.chaotic && this.#chaos.repeatPush()) this.#send(frame);
  }

  #maybeQueueEmpty(): void {
    const waiting = [...this.logs].some(([id, log]) => log.length > (this.#received.get(id) ?? 0));
    if (waiting || this.#queueEmptyTold) return;
    this.#queueEmptyTold = true;
    this.#send({ type: 'queue_empty' });
  }

  #answer(frame: object): void {
    if (this.chaotic && this.#chaos.loseAnswer()) {
      this.standingLost ||= (frame as Frame).type === 'standing';
      return;
    }
    this.#send(frame);
  }

  /** Frames may overtake one another, but for those that say what is unread: of two of them the later one counts. */
  #send(frame: object): void {
    const socket = this.#socket;
    const { type } = frame as Frame;
    const isStanding = ['standing', 'conversation', 'conversations'].includes(type);
    if (isStanding) this.standingsUnderWay++;
    const chaosMs = isStanding ? STANDING_DELAY_MS : this.#chaos.delayMs();
    const delayMs = this.chaotic && type !== 'welcome' ? chaosMs : 0;
    this.#world.timers.after(delayMs, () => {
      if (isStanding) this.standingsUnderWay--;
      socket?.sendFrames(frame);
    });
  }
}

/** Later than an entry that comes without trouble, and sooner than one with. */
const STANDING_DELAY_MS = 20;

function idOf(conversation_id: string, seq: number): string {
  return String(Number(conversation_id) * 1_000_000 + seq);
}

/** An entry as on the wire; what a deleted message and its edits said is gone. */
function wire(conversation_id: string, entry: ModelEntry, log: readonly ModelEntry[]): object {
  const { seq, client_msg_id, text, sender, kind, target, mentions } = entry;
  const about = target ?? seq;
  const gone = log.some((other) => other.kind === 'message_deleted' && other.target === about);
  const content = gone ? { kind: 'deleted' } : { kind: 'text', text };
  const fields = {
    message: { content, ...(gone ? {} : wireMentions(mentions)) },
    message_edited: { content, target, ...(gone ? {} : wireMentions(mentions)) },
    message_deleted: { target },
    reaction_added: { target, emoji: text },
    reaction_removed: { target, emoji: text },
  };
  const message_id = idOf(conversation_id, seq);
  return { seq, kind, message_id, sender, client_msg_id, at: 1, ...fields[kind] };
}

export type ModelState = {
  seq: number;
  sender: string;
  as_of: number;
  version: number;
  content?: { kind: string; text: string };
  deleted?: true;
  reactions: { emoji: string; users: string[] }[];
  edits: number[];
  replies: number;
};

/** How a message is now, worked out from the log in another way than the product does; undefined for no message. */
export function messageState(log: readonly ModelEntry[], seq: number): ModelState | undefined {
  const entry = log[seq - 1];
  if (entry?.kind !== 'message') return undefined;
  const changes = log.filter(({ target }) => target === seq);
  const as_of = changes.at(-1)?.seq ?? seq;
  const base = { seq, sender: entry.sender, as_of, reactions: [], edits: [], replies: 0 };
  const deletion = changes.find(({ kind }) => kind === 'message_deleted');
  if (deletion !== undefined) return { ...base, version: deletion.seq, deleted: true };
  const edits = changes.filter(({ kind }) => kind === 'message_edited');
  const last = edits.at(-1);
  return {
    ...base,
    version: last?.seq ?? seq,
    ...(last === undefined ? {} : { content: { kind: 'text', text: last.text } }),
    edits: edits.map((edit) => edit.seq),
    reactions: reactionsOf(changes),
  };
}

/** Whoever added one last and did not take it back, in the order in which that happened. */
function reactionsOf(changes: readonly ModelEntry[]): ModelState['reactions'] {
  const set = new Map<string, Set<string>>();
  for (const { kind, text, sender } of changes) {
    const users = set.get(text) ?? new Set();
    if (kind === 'reaction_added') set.set(text, users.add(sender));
    if (kind === 'reaction_removed') users.delete(sender);
    if (users.size === 0) set.delete(text);
  }
  return [...set].map(([emoji, users]) => ({ emoji, users: [...users] }));
}
