// The least server that keeps the promises of PROTOCOL.md: logs in memory, idempotent sends, hints that may be lost.
import type { FakeSocket, FakeWorld } from './fake-world.ts';
import type { Frame } from './fake-world.ts';
import { WELCOME } from './harness.ts';

export type ModelEntry = { seq: number; client_msg_id: string; text: string; sender: string };

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
  readonly #world: FakeWorld;
  readonly #chaos: Chaos;
  #socket: FakeSocket | undefined;
  #queueEmptyTold = false;
  chaotic = true;

  constructor(world: FakeWorld, chaos: Chaos) {
    this.#world = world;
    this.#chaos = chaos;
  }

  /** Takes over a socket that the client has just opened. */
  accept(socket: FakeSocket): void {
    this.#socket = socket;
    this.#queueEmptyTold = false;
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
  write(conversation_id: string, text: string): void {
    const seq = this.log(conversation_id).length + 1;
    this.#append(conversation_id, {
      seq,
      client_msg_id: `other-${conversation_id}-${seq}`,
      text,
      sender: '12',
    });
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
      case 'pull':
        this.#onPull(frame);
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

  #onSend({ ref, conversation_id, messages }: Frame): void {
    const later = { code: 'unavailable', message: 'Not now.', retry: 'later' };
    let refusing = false;
    const results = messages.map(({ client_msg_id, content }) => {
      refusing ||= this.chaotic && this.#chaos.answerLater();
      if (refusing) return { client_msg_id, error: later };
      const known = this.log(conversation_id).find((entry) => entry.client_msg_id === client_msg_id);
      const entry = known ?? {
        seq: this.log(conversation_id).length + 1,
        client_msg_id,
        text: content.text,
        sender: '11',
      };
      if (known === undefined) this.#append(conversation_id, entry);
      return { client_msg_id, seq: entry.seq, message_id: idOf(conversation_id, entry.seq), at: 1 };
    });
    this.#answer({ type: 'sent', ref, conversation_id, results });
  }

  #onPull({
    ref,
    conversation_id,
    after = this.#received.get(conversation_id) ?? 0,
    limit = 100,
  }: Frame): void {
    const log = this.log(conversation_id);
    const entries = log.slice(after, after + limit).map((entry) => wire(conversation_id, entry));
    const through = after + entries.length;
    this.#answer({
      type: 'pulled',
      ref,
      conversation_id,
      after,
      entries,
      through,
      head: log.length,
      floor: 0,
    });
  }

  #append(conversation_id: string, entry: ModelEntry): void {
    this.log(conversation_id).push(entry);
    if (this.chaotic && this.#chaos.dropPush()) return;
    const frame = { type: 'entries', conversation_id, entries: [wire(conversation_id, entry)] };
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
    if (this.chaotic && this.#chaos.loseAnswer()) return;
    this.#send(frame);
  }

  /** Frames may overtake one another. */
  #send(frame: object): void {
    const socket = this.#socket;
    const delayMs = this.chaotic && (frame as Frame).type !== 'welcome' ? this.#chaos.delayMs() : 0;
    this.#world.timers.after(delayMs, () => socket?.sendFrames(frame));
  }
}

function idOf(conversation_id: string, seq: number): string {
  return String(Number(conversation_id) * 1_000_000 + seq);
}

function wire(conversation_id: string, { seq, client_msg_id, text, sender }: ModelEntry): object {
  const content = { kind: 'text', text };
  return {
    seq,
    kind: 'message',
    message_id: idOf(conversation_id, seq),
    sender,
    client_msg_id,
    at: 1,
    content,
  };
}
