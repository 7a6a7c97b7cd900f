// Why a command that goes on by itself (tail, chat, serve) comes to its end: the first reason counts.

export type EndReason =
  /** SIGINT or SIGTERM, or the user left. */
  | { readonly kind: 'asked' }
  /** Nobody reads the output any more. */
  | { readonly kind: 'output_closed' }
  | { readonly kind: 'failed'; readonly error: unknown };

export class Ending implements Disposable {
  readonly #resolve: (reason: EndReason) => void;
  readonly #onSignal = (): void => this.end({ kind: 'asked' });
  /** Resolves with the first reason. */
  readonly reason: Promise<EndReason>;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<EndReason>();
    this.reason = promise;
    this.#resolve = resolve;
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  end(reason: EndReason): void {
    this.#resolve(reason);
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}
