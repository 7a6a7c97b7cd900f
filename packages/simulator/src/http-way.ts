// `fetch` over the simulated network: slow, sometimes broken before or after the server did what was asked.
import type { FetchLike } from '@parley/client';
import type { Timers } from '@parley/ports/timers';
import type { HttpApp } from '@parley/server/http/http-app';
import type { Chance } from './chance.ts';

export interface HttpNode {
  readonly alive: boolean;
  readonly server: { readonly http: HttpApp };
}

export interface HttpWayOptions {
  readonly timers: Timers;
  readonly chance: Chance;
  readonly route: () => HttpNode | undefined;
}

const LATENCY_MAX_MS = 60;

export class HttpWay {
  readonly #options: HttpWayOptions;
  /** A request or its answer is lost with this probability. */
  losing = 0;

  constructor(options: HttpWayOptions) {
    this.#options = options;
  }

  readonly fetch: FetchLike = async (url, { method, headers, body }) => {
    const { chance, route } = this.#options;
    await this.#travel();
    const node = route();
    if (node === undefined || chance.happens(this.losing)) throw new Error('the connection was refused');
    const length = { 'content-length': String(body?.length ?? 0) };
    const request = new Request(url, {
      method,
      headers: { ...headers, ...length },
      ...(body === undefined ? {} : { body }),
    });
    const response = await node.server.http.fetch(request, { remoteAddress: '192.0.2.1' });
    const text = await response.text();
    await this.#travel();
    if (!node.alive || chance.happens(this.losing)) throw new Error('the connection was lost');
    return { status: response.status, json: () => Promise.resolve(JSON.parse(text) as unknown) };
  };

  #travel(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#options.timers.after(this.#options.chance.between(1, LATENCY_MAX_MS), resolve);
    return promise;
  }
}
