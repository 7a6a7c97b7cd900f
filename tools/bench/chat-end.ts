// One member of one direct chat: sends what is due, one unanswered frame at a time, and checks what comes back.
import type { Histogram } from 'hdr-histogram-js';
import type { Down } from '@parley/protocol/down';
import type { Entries } from '@parley/protocol/log';
import { SEND_MESSAGES_MAX_COUNT } from '@parley/protocol/limits';
import type { Sent } from '@parley/protocol/send';
import type { WireSession } from './wire-session.ts';

/** How many sends of one member may be under way; the run is given up long before. A power of two. */
const RING_SIZE = 1 << 16;
const LATENCY_MAX_US = 120_000_000;
const INDEX_AT = 24;

/** What a run measures, shared by all members of this process. */
export interface Tally {
  ack: Histogram;
  receive: Histogram;
  acked: number;
  /** Entries that came to the other member: the deliveries. */
  delivered: number;
  /** Own entries that came back to the sender. */
  echoed: number;
  /** Messages that were answered by an error. */
  refused: number;
  /** Holes in what was pushed; each is pulled, so a hole alone is not a loss. */
  holes: number;
  /** What must never be: another seq than the ack's, a repeated or reordered message, a closed socket. */
  faults: string[];
  lastAckAt: number;
  worstAckMs: number;
}

export class ChatEnd {
  /** Seqs up to here came, one after the other. */
  cursor = 0;
  marked = 0;
  peer: ChatEnd | undefined;
  readonly #session: WireSession;
  readonly #conversation: string;
  readonly #index: number;
  readonly #tally: () => Tally;
  readonly #text: string;
  readonly #scheduledAt = new Float64Array(RING_SIZE);
  readonly #ackedSeq = new Float64Array(RING_SIZE);
  readonly #peerSeq = new Float64Array(RING_SIZE);
  #due = 0;
  #framed = 0;
  #inFlight = 0;
  #lastPeerIndex = -1;
  #isPulling = false;

  constructor(options: {
    session: WireSession;
    conversation: string;
    index: number;
    head: number;
    textBytes: number;
    tally: () => Tally;
  }) {
    this.#session = options.session;
    this.#conversation = options.conversation;
    this.#index = options.index;
    this.#tally = options.tally;
    this.cursor = options.head;
    this.#text = 'x'.repeat(options.textBytes);
  }

  get backlog(): number {
    return this.#due - this.#framed;
  }

  /** A send that was due at this time; it goes out now, or with the next frame. */
  schedule(at: number): void {
    const slot = this.#due % RING_SIZE;
    this.#scheduledAt[slot] = at;
    this.#ackedSeq[slot] = 0;
    this.#peerSeq[slot] = 0;
    this.#due += 1;
    if (this.#inFlight === 0) {
      this.#sendDue();
    }
  }

  /** What was due and is not under way will not be sent. Returns how many. */
  abandon(): number {
    const abandoned = this.backlog;
    this.#due = this.#framed;
    return abandoned;
  }

  /** Says what was received, if that is news; otherwise gives a sign of life when one is due. */
  mark(now: number, heartbeatMs: number): void {
    if (this.cursor > this.marked) {
      this.marked = this.cursor;
      const marks = `[{"conversation_id":"${this.#conversation}","seq":${this.cursor}}]`;
      this.#session.send(`[{"type":"received","marks":${marks}}]`);
    } else if (now - this.#session.lastSentAt >= heartbeatMs) {
      this.#session.send('[{"type":"heartbeat"}]');
    }
  }

  take(frame: Down, at: number): void {
    switch (frame.type) {
      case 'entries':
        this.#applyAll(frame.entries, at);
        break;
      case 'sent':
        this.#answered(frame, at);
        break;
      case 'heads':
        this.#pull();
        break;
      case 'error':
        this.#failed(frame.code, frame.ref !== undefined);
        break;
      default: // welcome, beat, queue_empty
    }
  }

  #sendDue(): void {
    const count = Math.min(this.backlog, SEND_MESSAGES_MAX_COUNT);
    if (count === 0) {
      return;
    }
    let messages = '';
    for (let i = 0; i < count; i += 1) {
      const id = clientMsgId(this.#index, this.#framed + i);
      messages += `${i === 0 ? '' : ','}{"client_msg_id":"${id}","content":{"kind":"text","text":"${this.#text}"}}`;
    }
    const ref = this.#framed % 2 ** 30;
    this.#inFlight = count;
    this.#framed += count;
    this.#session.send(
      `[{"type":"send","ref":${ref},"conversation_id":"${this.#conversation}","messages":[${messages}]}]`,
    );
  }

  #answered(frame: Sent, at: number): void {
    const tally = this.#tally();
    for (const result of frame.results) {
      if ('error' in result) {
        tally.refused += 1;
        continue;
      }
      const index = indexOf(result.client_msg_id);
      const ms = at - (this.#scheduledAt[index % RING_SIZE] ?? 0);
      tally.ack.recordValue(micros(ms));
      tally.acked += 1;
      tally.worstAckMs = Math.max(tally.worstAckMs, ms);
      this.#ackedSeq[index % RING_SIZE] = result.seq;
      this.#compare(index);
    }
    tally.lastAckAt = at;
    if (frame.results.length !== this.#inFlight) {
      tally.faults.push(`${this.#inFlight} messages were answered with ${frame.results.length} results`);
    }
    this.#inFlight = 0;
    this.#sendDue();
  }

  /** The server said no to a whole frame: its messages are not stored. */
  #failed(code: string, isRequest: boolean): void {
    const tally = this.#tally();
    tally.faults.push(`error ${code}`);
    if (isRequest) {
      tally.refused += this.#inFlight;
      this.#inFlight = 0;
      this.#sendDue();
    }
  }

  #applyAll(entries: Entries['entries'], at: number): void {
    for (const entry of entries) {
      if (entry.seq > this.cursor + 1) {
        this.#tally().holes += 1;
        this.#pull();
        return;
      }
      if (entry.seq <= this.cursor) {
        continue;
      }
      this.cursor = entry.seq;
      if (entry.sender === this.#session.userId) {
        this.#tally().echoed += 1;
      } else {
        this.peer?.deliver(indexOf(entry.client_msg_id), entry.seq, at);
      }
    }
  }

  /** The other member has this message of ours, at this seq. */
  deliver(index: number, seq: number, at: number): void {
    const tally = this.#tally();
    if (index <= this.#lastPeerIndex) {
      tally.faults.push(`message ${index} came after ${this.#lastPeerIndex}`);
    }
    this.#lastPeerIndex = index;
    tally.receive.recordValue(micros(at - (this.#scheduledAt[index % RING_SIZE] ?? 0)));
    tally.delivered += 1;
    this.#peerSeq[index % RING_SIZE] = seq;
    this.#compare(index);
  }

  /** Whichever of ack and delivery comes second compares the two. */
  #compare(index: number): void {
    const acked = this.#ackedSeq[index % RING_SIZE];
    const seen = this.#peerSeq[index % RING_SIZE];
    if (acked !== 0 && seen !== 0 && acked !== seen) {
      this.#tally().faults.push(`message ${index} was acknowledged as ${acked} and came as ${seen}`);
    }
  }

  #pull(): void {
    if (this.#isPulling) {
      return;
    }
    this.#isPulling = true;
    void this.#pullAll(); // request() never rejects
  }

  async #pullAll(): Promise<void> {
    for (;;) {
      const answer = await this.#session.request({
        type: 'pull',
        ref: 0,
        conversation_id: this.#conversation as Entries['conversation_id'],
        after: this.cursor,
      });
      if (answer.type !== 'pulled') {
        this.#tally().faults.push(`a pull was answered with ${JSON.stringify(answer)}`);
        break;
      }
      this.#applyAll(answer.entries, performance.now());
      if (answer.through >= answer.head) {
        break;
      }
    }
    this.#isPulling = false;
  }
}

/** A UUIDv7 whose last 12 digits are the member's running number, so that an entry says which send it was. */
function clientMsgId(member: number, index: number): string {
  const time = Date.now().toString(16).padStart(12, '0');
  const short = (member & 0xfff).toString(16).padStart(3, '0');
  const order = (index & 0xfff).toString(16).padStart(3, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-8${short}-${index.toString(16).padStart(12, '0')}`;
}

function indexOf(id: string): number {
  return Number.parseInt(id.slice(INDEX_AT), 16);
}

function micros(ms: number): number {
  return Math.min(LATENCY_MAX_US, Math.max(1, Math.round(ms * 1000)));
}
