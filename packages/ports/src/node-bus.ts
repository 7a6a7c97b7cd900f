// Messages between nodes: a lossy hint, never the truth. Any message may be lost, repeated or reordered.

export type Answer = (payload: string) => Promise<string>;

export type RequestOutcome =
  | { readonly kind: 'answered'; readonly payload: string }
  /** No node of this name, no answer in time, or the bus is down: whether it was handled is not known. */
  | { readonly kind: 'unanswered' };

export interface NodeBus extends AsyncDisposable {
  /** Payloads for a node or a topic; the handler must not throw. Dispose to end it. */
  subscribe(topic: string, handle: (payload: string) => void): Disposable;
  /** Gives it to the bus; says nothing about arrival. */
  publish(topic: string, payload: string): void;
  /** Answers requests on a topic; one handler a topic and node. */
  answer(topic: string, handle: Answer): Disposable;
  request(topic: string, payload: string, withinMs: number): Promise<RequestOutcome>;
}
