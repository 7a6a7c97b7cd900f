// Sends that have no final answer yet: kept before they go out, in order, under the same id until they are settled.
import { decodeUp } from '@parley/protocol/codec';
import type { ClientMsgId, ConversationId } from '@parley/protocol/ids';
import type { Outgoing } from '@parley/protocol/send';
import { BackOff } from './back-off.ts';
import { BATCH_MAX_BYTES } from './client-limits.ts';
import { clientMsgIdOr } from './client-msg-id.ts';
import type { PendingSend } from './client-store.ts';
import { deferred, errorOf, type Deferred } from './deferred.ts';
import type { EndOfTick } from './end-of-tick.ts';
import type { Environment, Timer } from './environment.ts';
import type { ClientEvent, Sent } from './event.ts';
import { byteLength } from './outbox.ts';
import { localError, ParleyError, type WireFault } from './parley-error.ts';
import type { Outcome, RequestTable } from './request-table.ts';
import { SendLane, type LaneItem } from './send-lane.ts';
import { needsVersion2, type NewMessage } from './send-options.ts';
import { olderServer } from './server-version.ts';
import type { StoreWriter } from './store-writer.ts';

export type SendQueueOptions = {
  environment: Environment;
  endOfTick: EndOfTick;
  requests: RequestTable;
  writer: StoreWriter;
  maxCount: number;
  /** The protocol version that is spoken with the server. */
  version: () => number;
  emit: (event: ClientEvent) => void;
};

type Lane = { sends: SendLane; backOff: BackOff; pause: Timer | undefined };

export class SendQueue {
  readonly #options: SendQueueOptions;
  readonly #items = new Map<ClientMsgId, LaneItem>();
  readonly #lanes = new Map<ConversationId, Lane>();
  #closed: ParleyError | undefined;
  /** Lanes that may have something to send: looked at once a tick, so that a burst shares a frame. */
  readonly #ready = new Set<ConversationId>();
  readonly #pumpReady = (): void => {
    for (const conversation_id of this.#ready) this.#pump(conversation_id);
    this.#ready.clear();
  };

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  /** What has no final answer yet, in the order of the calls. */
  get pending(): readonly PendingSend[] {
    return [...this.#items.values()].map(({ send }) => send);
  }

  /** Takes over the sends of an earlier client with the same store. */
  restore(sends: readonly PendingSend[]): void {
    for (const send of sends) this.#add({ send, bytes: sizeOf(send), saved: true, waiter: undefined });
  }

  /** Resolves when the message is durable; rejects with a ParleyError when it is refused for good. */
  send(conversation_id: string, message: NewMessage, clientMsgId: string | undefined): Promise<Sent> {
    if (this.#closed !== undefined) throw this.#closed;
    const id = clientMsgIdOr(clientMsgId, this.#options.environment);
    const send = checked(conversation_id, { ...message, client_msg_id: id });
    const same = this.#items.get(id);
    if (same !== undefined) return join(same, send);
    if (this.#items.size >= this.#options.maxCount) {
      throw localError('limit_reached', `At most ${this.#options.maxCount} sends may wait for their answer.`);
    }
    const waiter = deferred<Sent>();
    const item: LaneItem = { send, bytes: sizeOf(send), saved: false, waiter };
    this.#add(item);
    this.#options.writer.save(send).then(
      () => {
        item.saved = true;
        this.#schedule(send.conversation_id);
      },
      (error: unknown) => {
        this.#items.delete(id);
        this.#lanes.get(send.conversation_id)?.sends.drop(item);
        waiter.reject(errorOf(error));
        this.#schedule(send.conversation_id);
      },
    );
    return waiter.promise;
  }

  welcomed(): void {
    for (const conversation_id of this.#lanes.keys()) this.#pump(conversation_id);
  }

  /** The messages stay in the store; only those who wait are told. */
  close(error: ParleyError): void {
    this.#closed = error;
    for (const lane of this.#lanes.values()) lane.pause?.cancel();
    for (const { waiter } of this.#items.values()) waiter?.reject(error);
    this.#lanes.clear();
  }

  #add(item: LaneItem): void {
    const { client_msg_id, conversation_id } = item.send;
    this.#items.set(client_msg_id, item);
    this.#lane(conversation_id).sends.add(item);
  }

  #lane(conversation_id: ConversationId): Lane {
    const known = this.#lanes.get(conversation_id);
    if (known !== undefined) return known;
    const sends = new SendLane({
      stored: (item, sent) => {
        this.#forget(item);
        item.waiter?.resolve(sent);
      },
      refused: (item, fault) => {
        this.#forget(item);
        this.#refuse(item, fault);
      },
    });
    const lane: Lane = {
      sends,
      backOff: new BackOff(this.#options.environment.randomness),
      pause: undefined,
    };
    this.#lanes.set(conversation_id, lane);
    return lane;
  }

  #forget({ send }: LaneItem): void {
    this.#items.delete(send.client_msg_id);
    this.#options.writer.remove(send.client_msg_id);
  }

  #refuse({ send, waiter }: LaneItem, fault: WireFault): void {
    const error = new ParleyError(fault);
    const { conversation_id, client_msg_id } = send;
    if (waiter !== undefined) waiter.reject(error);
    else this.#options.emit({ kind: 'error', error, conversation_id, client_msg_id });
  }

  #schedule(conversation_id: ConversationId): void {
    this.#ready.add(conversation_id);
    this.#options.endOfTick.collect(this.#pumpReady);
  }

  #pump(conversation_id: ConversationId): void {
    const lane = this.#lanes.get(conversation_id);
    if (lane === undefined) return;
    const { requests, version } = this.#options;
    if (requests.online && version() < 2)
      lane.sends.refuseWhere(({ send }) => needsVersion2(send), olderServer(version(), 2).fault);
    if (lane.sends.empty) {
      this.#lanes.delete(conversation_id);
      return;
    }
    if (!requests.online) return;
    const items = lane.sends.take();
    if (items.length === 0) return;
    const messages = items.map(({ send }) => outgoing(send));
    requests.open({
      build: (ref) => ({ type: 'send', ref, conversation_id, messages }),
      settle: (outcome) => this.#settle(conversation_id, lane, outcome),
    });
  }

  #settle(conversation_id: ConversationId, lane: Lane, outcome: Outcome): void {
    const later = laterOf(lane.sends, outcome);
    if (later !== undefined) {
      this.#options.emit({ kind: 'delayed', conversation_id, error: new ParleyError(later) });
      lane.sends.paused = true;
      lane.pause = this.#options.environment.timers.after(lane.backOff.next(later.retry_after_ms), () => {
        lane.sends.paused = false;
        this.#schedule(conversation_id);
      });
    } else if (outcome.kind !== 'dropped') {
      lane.backOff.reset();
    }
    this.#schedule(conversation_id);
  }
}

/** Settles the frame that was out; returns a fault where its rest is to be sent again after a pause. */
function laterOf(sends: SendLane, outcome: Outcome): WireFault | undefined {
  switch (outcome.kind) {
    case 'answered':
      if (outcome.frame.type === 'sent') return sends.answer(outcome.frame.results);
      return sends.answer([]);
    case 'refused':
      if (outcome.fault.retry === 'no') {
        sends.refuse(outcome.fault);
        return undefined;
      }
      sends.retry();
      return outcome.fault;
    case 'unreadable':
      sends.retry();
      return outcome.fault;
    case 'dropped':
      sends.retry();
      return undefined;
  }
}

/** Refuses here, in the server's own words, what the server would refuse, so that it cannot spoil a whole frame. */
function checked(conversation_id: string, message: object): PendingSend {
  const text = JSON.stringify([{ type: 'send', ref: 0, conversation_id, messages: [message] }]);
  if (byteLength(text) > BATCH_MAX_BYTES)
    throw localError('invalid_field', 'That is too large for one message.', { field: 'content' });
  const [decoded] = decodeUp(text);
  if (decoded?.kind === 'fault') throw new ParleyError(decoded.fault);
  const [send] = decoded?.frame.type === 'send' ? decoded.frame.messages : [];
  if (decoded?.frame.type !== 'send' || send === undefined)
    throw localError('malformed', 'There is nothing to send.');
  if ((send.content === undefined) === (send.forward === undefined))
    throw localError('invalid_field', 'A message has either content or a message that it forwards.', {
      field: 'content',
    });
  return { ...send, conversation_id: decoded.frame.conversation_id };
}

function outgoing(send: PendingSend): Outgoing {
  const { conversation_id: _, ...message } = send;
  return message;
}

/** The app sends under an id that is under way: the same message is the same send. */
function join(item: LaneItem, send: PendingSend): Promise<Sent> {
  if (JSON.stringify(item.send) !== JSON.stringify(send)) {
    throw localError('id_reused', 'This client_msg_id is under way with something else.');
  }
  const waiter: Deferred<Sent> = (item.waiter ??= deferred());
  return waiter.promise;
}

function sizeOf(send: PendingSend): number {
  return byteLength(JSON.stringify(outgoing(send))) + 1;
}
