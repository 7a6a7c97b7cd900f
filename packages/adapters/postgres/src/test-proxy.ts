// For tests: a proxy before PostgreSQL that loses what a network can lose, at the moment a test chooses.
import { connect, createServer, type Server, type Socket } from 'node:net';

export class TestProxy implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #answersLost = false;
  #refusing = false;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async before(url: string): Promise<TestProxy> {
    const target = new URL(url);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    const own = new URL(url);
    own.host = `127.0.0.1:${address.port}`;
    const proxy = new TestProxy(server, own.href);
    server.on('connection', (client) => proxy.#join(client, Number(target.port), target.hostname));
    return proxy;
  }

  /** What the server says from now on gets lost, while what it is told arrives. */
  loseAnswers(lose = true): void {
    this.#answersLost = lose;
  }

  /** New connections end at once. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, port: number, host: string): void {
    if (this.#refusing) {
      client.destroy();
      return;
    }
    const server = connect(port, host);
    client.on('data', (data) => server.write(data));
    server.on('data', (data) => {
      if (!this.#answersLost) client.write(data);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
