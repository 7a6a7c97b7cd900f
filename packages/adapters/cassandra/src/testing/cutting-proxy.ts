// A proxy before an engine that cuts connections: before a request passes, or after it passed and before the reply does.
import { connect, createServer, type Socket } from 'node:net';

/** How a connection ends from a moment on. */
export type Cut = 'loses_requests' | 'loses_replies';

export class CuttingProxy implements AsyncDisposable {
  readonly #server = createServer((client) => this.#serve(client));
  readonly #upstream: { readonly host: string; readonly port: number };
  readonly #cuts = new Set<(cut: Cut) => void>();

  constructor(upstream: { readonly host: string; readonly port: number }) {
    this.#upstream = upstream;
  }

  /** Returns the port to connect to. */
  async listen(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  /** Every connection that is open: nothing more passes the one way, and soon they are closed. */
  cut(cut: Cut): void {
    for (const each of this.#cuts) each(cut);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut('loses_requests');
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
  }

  #serve(client: Socket): void {
    const upstream = connect(this.#upstream);
    const lost = new Set<Cut>();
    const end = () => {
      this.#cuts.delete(cut);
      client.destroy();
      upstream.destroy();
    };
    const cut = (how: Cut) => {
      lost.add(how);
      setTimeout(end, CLOSES_AFTER_MS);
    };
    this.#cuts.add(cut);
    client.on('data', (data) => lost.has('loses_requests') || upstream.write(data));
    upstream.on('data', (data) => lost.has('loses_replies') || client.write(data));
    for (const socket of [client, upstream]) socket.on('close', end).on('error', end);
  }
}

/** Time for what passed to take effect. */
const CLOSES_AFTER_MS = 20;
