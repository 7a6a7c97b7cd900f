// Messages between nodes: a lossy hint, never the truth. Any message may be lost, repeated or reordered.

export type Answer = (payload: string) => Promise<string>;

export type RequestOutcome =
  | { readonly kind: 'answered'; readonly payload: string }
  /** No node of this name, no answer in time, or the bus is down: whether it was handled is not known. */
  | { readonly kind: 'unanswered' };

/** Of one payload, an answer too, in UTF-8. What may be longer is split or replaced by a hint by the one who sends it. */
export const BUS_PAYLOAD_MAX_BYTES = 1_000_000;

export interface NodeBus extends AsyncDisposable {
  /** Payloads for a node or a topic; the handler must not throw. Dispose to end it. */
  subscribe(topic: string, handle: (payload: string) => void): Disposable;
  /** Gives it to the bus; says nothing about arrival. Throws a RangeError for a payload that is too long. */
  publish(topic: string, payload: string): void;
  /** Answers requests on a topic; one handler a topic and node. An answer that is too long counts as a failure. */
  answer(topic: string, handle: Answer): Disposable;
  /** Rejects with a RangeError for a payload that is too long. */
  request(topic: string, payload: string, withinMs: number): Promise<RequestOutcome>;
  /**
   * Calls each time the connection to the bus had been lost and is back, with all subscriptions in force: what was
   * published meanwhile is gone. The handler must not throw. Dispose to end it.
   */
  onReconnected(call: () => void): Disposable;
}
