// A TCP proxy that does to connections what bad networks do: from a seed it delays, drops bytes and then cuts, cuts
// in the middle of a frame, and opens two connections for one.
import type { Socket, TCPSocketListener } from 'bun';
import type { Seeded } from './seeded.ts';

/** What happens to one connection. TCP never leaves out bytes and goes on, so dropping always ends in a cut. */
type Fate =
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly direction: Direction }
  | {
      readonly kind: 'drop';
      readonly afterBytes: number;
      readonly direction: Direction;
      readonly cutMs: number;
    }
  | { readonly kind: 'delay'; readonly maxMs: number; readonly cutMs: number }
  | { readonly kind: 'twice'; readonly secondEndsMs: number; readonly cutMs: number }
  | { readonly kind: 'clean' };

type Direction = 'up' | 'down';

export class HostileProxy implements Disposable {
  readonly #upstreamPort: number;
  readonly #random: Seeded;
  readonly #listener: TCPSocketListener<undefined>;
  readonly #links = new Set<Link>();
  #hostile = true;
  /** How many connections met which fate. */
  readonly fates: Record<Fate['kind'], number> = { cut: 0, drop: 0, delay: 0, twice: 0, clean: 0 };

  constructor(options: { upstreamPort: number; random: Seeded }) {
    this.#upstreamPort = options.upstreamPort;
    this.#random = options.random;
    const links = new WeakMap<object, Link>();
    this.#listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open: (socket) => void links.set(socket, this.#accept(socket)),
        data: (socket, bytes) => links.get(socket)?.fromClient(bytes),
        close: (socket) => links.get(socket)?.end(),
        error: (socket) => links.get(socket)?.end(),
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.port}`;
  }

  /** From now on connections are left alone; those that are open are cut, once. */
  heal(): void {
    this.#hostile = false;
    for (const link of this.#links) link.end();
  }

  [Symbol.dispose](): void {
    for (const link of this.#links) link.end();
    this.#listener.stop(true);
  }

  #accept(socket: Socket<undefined>): Link {
    const fate = this.#fate();
    this.fates[fate.kind]++;
    const link = new Link({
      client: socket,
      port: this.#upstreamPort,
      fate,
      random: this.#random,
      ended: () => this.#links.delete(link),
    });
    this.#links.add(link);
    return link;
  }

  #fate(): Fate {
    if (!this.#hostile) return { kind: 'clean' };
    const random = this.#random;
    const afterBytes = random.between(1, random.chance(0.3) ? 600 : 12_000);
    const direction = random.pick<Direction>(['up', 'down']);
    const cutMs = random.between(50, 1_200);
    switch (random.pick(['cut', 'drop', 'delay', 'twice'] as const)) {
      case 'cut':
        return { kind: 'cut', afterBytes, direction };
      case 'drop':
        return { kind: 'drop', afterBytes, direction, cutMs };
      case 'delay':
        return { kind: 'delay', maxMs: random.between(1, 150), cutMs };
      case 'twice':
        return { kind: 'twice', secondEndsMs: random.between(20, 600), cutMs };
    }
  }
}

interface LinkOptions {
  readonly client: Socket<undefined>;
  readonly port: number;
  readonly fate: Fate;
  readonly random: Seeded;
  readonly ended: () => void;
}

/** One client's connection, with one or two connections to the server behind it. */
class Link {
  readonly #options: LinkOptions;
  readonly #upstreams: Upstream[];
  readonly #seen: Record<Direction, number> = { up: 0, down: 0 };
  readonly #delayed: Record<Direction, { ms: number; forward: () => void }[]> = { up: [], down: [] };
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #toClient: Sink;
  #over = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#toClient = new Sink(options.client);
    const { fate, port } = options;
    const first = new Upstream(port, { data: (bytes) => this.#fromServer(bytes), end: () => this.end() });
    this.#upstreams = [first];
    if (fate.kind === 'twice') {
      // The server takes the second for another session of the same device: it gets every send twice.
      const second = new Upstream(port, { data: () => {}, end: () => {} });
      this.#upstreams.push(second);
      this.#later(fate.secondEndsMs, () => second.end());
    }
    if (fate.kind === 'twice' || fate.kind === 'delay') this.#later(fate.cutMs, () => this.end());
  }

  fromClient(bytes: Uint8Array): void {
    this.#through('up', bytes, (part) => {
      for (const upstream of this.#upstreams) upstream.write(part);
    });
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const upstream of this.#upstreams) upstream.end();
    this.#options.client.terminate();
    this.#options.ended();
  }

  #fromServer(bytes: Uint8Array): void {
    this.#through('down', bytes, (part) => this.#toClient.write(part));
  }

  #through(direction: Direction, bytes: Uint8Array, forward: (bytes: Uint8Array) => void): void {
    if (this.#over) return;
    const { fate, random } = this.#options;
    const before = this.#seen[direction];
    this.#seen[direction] += bytes.length;
    const copy = bytes.slice();
    if (fate.kind === 'delay')
      return this.#delay(direction, random.between(0, fate.maxMs), () => forward(copy));
    if ((fate.kind !== 'cut' && fate.kind !== 'drop') || fate.direction !== direction) return forward(bytes);
    const left = fate.afterBytes - before;
    if (left >= bytes.length) return forward(bytes);
    if (left > 0) forward(bytes.subarray(0, left));
    if (fate.kind === 'cut') this.#later(1, () => this.end());
    else if (left >= 0) this.#later(fate.cutMs, () => this.end());
  }

  /** One after the other, so that nothing is overtaken. */
  #delay(direction: Direction, ms: number, forward: () => void): void {
    const queue = this.#delayed[direction];
    queue.push({ ms, forward });
    if (queue.length === 1) this.#nextDelayed(direction);
  }

  #nextDelayed(direction: Direction): void {
    const queue = this.#delayed[direction];
    const next = queue[0];
    if (next === undefined) return;
    this.#later(next.ms, () => {
      next.forward();
      queue.shift();
      this.#nextDelayed(direction);
    });
  }

  #later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#over) action();
    }, ms);
    this.#timers.add(timer);
  }
}

class Upstream {
  #sink: Sink | undefined;
  readonly #waiting: Uint8Array[] = [];
  #over = false;
  #socket: Socket<undefined> | undefined;

  constructor(port: number, on: { data(bytes: Uint8Array): void; end(): void }) {
    const connecting = Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => this.#opened(socket),
        data: (_, bytes) => on.data(bytes),
        drain: () => this.#sink?.drain(),
        close: () => on.end(),
        error: () => on.end(),
        connectError: () => on.end(),
      },
    });
    connecting.catch(() => on.end());
  }

  write(bytes: Uint8Array): void {
    if (this.#sink === undefined) this.#waiting.push(bytes.slice());
    else this.#sink.write(bytes);
  }

  end(): void {
    this.#over = true;
    this.#socket?.terminate();
  }

  #opened(socket: Socket<undefined>): void {
    this.#socket = socket;
    if (this.#over) {
      socket.terminate();
      return;
    }
    this.#sink = new Sink(socket);
    for (const bytes of this.#waiting.splice(0)) this.#sink.write(bytes);
  }
}

/** Writes to a socket, keeping what does not fit until there is room. */
class Sink {
  readonly #socket: Socket<undefined>;
  readonly #queue: Uint8Array[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: Socket<undefined>) {
    this.#socket = socket;
  }

  write(bytes: Uint8Array): void {
    this.#queue.push(bytes.slice());
    this.drain();
  }

  drain(): void {
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || this.#socket.readyState <= 0) return;
      const written = this.#socket.write(next);
      if (written >= next.length) this.#queue.shift();
      else {
        if (written > 0) this.#queue[0] = next.subarray(written);
        this.#drainSoon();
        return;
      }
    }
  }

  #drainSoon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.drain();
    }, 5);
  }
}
