// One device with the SDK on a ServerFixture, over a network that takes a millisecond and breaks when a test says so.
import {
  ChatClient,
  type AppEntry,
  type ClientEvent,
  type ClientSocket,
  type OpenSocket,
} from '@parley/client';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import type { Socket } from '@parley/server/gateway/socket';
import type { ServerFixture } from '@parley/server/testing/server-fixture';

const LATENCY_MS = 1;
const BROKEN = 1006;

export interface SdkDeviceOptions {
  readonly fixture: ServerFixture;
  readonly token: string;
  readonly seed: number;
  readonly onEntry?: (entry: AppEntry) => void;
  readonly onEvent?: (event: ClientEvent) => void;
}

export class SdkDevice {
  readonly client: ChatClient;
  readonly entries: AppEntry[] = [];
  readonly events: ClientEvent[] = [];
  readonly #fixture: ServerFixture;
  #break: (() => void) | undefined;

  constructor(options: SdkDeviceOptions) {
    const { fixture, token, seed } = options;
    this.#fixture = fixture;
    this.client = new ChatClient({
      url: 'http://parley.test',
      token,
      clock: fixture.clock,
      timers: fixture.timers,
      randomness: new SeededRandomness(seed),
      openSocket: this.#open,
      onEntry: (entry) => {
        this.entries.push(entry);
        options.onEntry?.(entry);
      },
      onEvent: (event) => {
        this.events.push(event);
        options.onEvent?.(event);
      },
    });
  }

  /** Lets time pass until a call is settled. */
  async done<Result>(call: Promise<Result>): Promise<Result> {
    let isDone = false;
    const noted = call.finally(() => (isDone = true));
    noted.catch(() => undefined);
    for (let turns = 0; !isDone && turns < 5_000; turns++) await this.#fixture.timers.advance(5);
    if (!isDone) throw new Error('The call is not answered.');
    return noted;
  }

  async list<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
    return this.done(Array.fromAsync(items));
  }

  connect(): Promise<void> {
    return this.done(this.client.connect());
  }

  /** The connection breaks; what is on the way is lost. */
  cut(): void {
    this.#break?.();
  }

  told<Kind extends ClientEvent['kind']>(kind: Kind): Extract<ClientEvent, { kind: Kind }>[] {
    return this.events.filter((event): event is Extract<ClientEvent, { kind: Kind }> => event.kind === kind);
  }

  readonly #open: OpenSocket = ({ events }): ClientSocket => {
    const { timers, server } = this.#fixture;
    let alive = true;
    const later = (call: () => void): void => {
      timers.after(LATENCY_MS, () => {
        if (alive) call();
      });
    };
    const end = (code: number): void => {
      if (!alive) return;
      alive = false;
      session.gone();
      events.closed(code);
    };
    const socket: Socket = {
      bufferedBytes: 0,
      send: (message) => {
        if (!alive) return 'dropped';
        later(() => events.message(message));
        return 'sent';
      },
      close: (code) => later(() => end(code)),
      terminate: () => later(() => end(BROKEN)),
    };
    const session = server.gateway.opened(socket);
    this.#break = () => end(BROKEN);
    later(() => events.opened());
    return {
      send: (text) => later(() => server.gateway.message(session, text)),
      close: () => later(() => end(1000)),
    };
  };
}
