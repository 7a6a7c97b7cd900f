// Which web pages may talk to the server: the same list for HTTP and for WebSocket upgrades.

export class OriginPolicy {
  readonly #allowed: ReadonlySet<string>;

  /** Throws RangeError for what no browser ever sends as an Origin, so that a typing error is found at the start. */
  constructor(allowed: readonly string[]) {
    for (const origin of allowed) {
      if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
        throw new RangeError(
          `${JSON.stringify(origin)} is not an origin; write it like https://chat.example.org`,
        );
      }
    }
    this.#allowed = new Set(allowed);
  }

  /** Exact match. A request without an Origin comes from no web page and needs a token anyway. */
  allows(origin: string | undefined): boolean {
    return origin === undefined || this.#allowed.has(origin);
  }
}
