// The connection with all that must live on over reconnects: pending sends, calls, logs, marks, and the store.
import type { Down } from '@parley/protocol/down';
import type { Fault } from '@parley/protocol/error-code';
import type { Welcome } from '@parley/protocol/hello';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { PROTOCOL_VERSION, PROTOCOL_VERSION_FLOOR } from '@parley/protocol/version';
import { Calls } from './calls.ts';
import type { ChatClientOptions } from './chat-client-options.ts';
import { DEFAULT_LIMITS } from './client-limits.ts';
import { openPlatformSocket } from './client-socket.ts';
import type { StoredState, StoreOwner } from './client-store.ts';
import { Connection } from './connection.ts';
import { errorOf } from './deferred.ts';
import { EndOfTick } from './end-of-tick.ts';
import type { Environment } from './environment.ts';
import type { ClientEvent, ClientState, Self } from './event.ts';
import { HiddenList } from './hidden-list.ts';
import { LogSync } from './log-sync.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { localError, ParleyError } from './parley-error.ts';
import { eventsOf } from './push-event.ts';
import { ReceivedMarks } from './received-marks.ts';
import { RequestTable } from './request-table.ts';
import { SendQueue } from './send-queue.ts';
import { socketUrl } from './server-url.ts';
import { StickyState } from './sticky-state.ts';
import { StoreWriter } from './store-writer.ts';
import { systemEnvironment } from './system.ts';

export class SyncedSession {
  readonly environment: Environment;
  readonly endOfTick: EndOfTick;
  readonly calls: Calls;
  readonly sends: SendQueue;
  readonly sticky: StickyState;
  readonly emit: (event: ClientEvent) => void;
  readonly #options: ChatClientOptions;
  readonly #connection: Connection;
  readonly #requests: RequestTable;
  readonly #marks: ReceivedMarks;
  readonly #writer: StoreWriter;
  readonly #hidden: HiddenList;
  readonly #load: () => StoredState | Promise<StoredState>;
  /** Undefined for a client that does not want entries. */
  readonly #logs: LogSync | undefined;
  #loaded: Promise<void> | undefined;
  #owner: StoreOwner | undefined;
  /** The protocol version of the last session. */
  #version = PROTOCOL_VERSION as number;
  self: Self | undefined;

  constructor(options: ChatClientOptions) {
    const { store = new MemoryClientStore() } = options;
    this.#options = options;
    this.#load = () => store.load();
    this.environment = environmentOf(options);
    const { environment } = this;
    const { timers } = environment;
    const endOfTick = new EndOfTick(timers);
    this.endOfTick = endOfTick;
    this.#connection = this.#makeConnection();
    const send = this.#connection.send.bind(this.#connection);
    const emit = this.#emit.bind(this);
    this.emit = emit;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const requests = new RequestTable({
      environment,
      send,
      overdue: () => this.#connection.restart(),
      drained: () => this.#drained(),
    });
    this.#requests = requests;
    const version = (): number => this.#version;
    this.calls = new Calls({ environment, requests, version, send });
    this.sticky = new StickyState({ calls: this.calls, emit });
    const writer = new StoreWriter({ store, timers, failed: (error) => emit({ kind: 'error', error }) });
    this.#writer = writer;
    this.#hidden = new HiddenList({
      calls: this.calls,
      emit,
      moved: (number) => writer.moveHidden(number),
      follows: options.onEntry !== undefined,
    });
    const maxCount = limits.pendingSendsMaxCount;
    this.sends = new SendQueue({ environment, endOfTick, requests, writer, maxCount, version, emit });
    const marks = new ReceivedMarks({ timers, endOfTick, online: () => requests.connected, send });
    this.#marks = marks;
    const { onEntry } = options;
    if (onEntry === undefined) return;
    this.#logs = new LogSync({
      environment,
      endOfTick,
      requests,
      limits,
      self: () => this.self?.user_id,
      onEntry,
      emit,
      moved: ({ conversation_id, seq }) => writer.moveCursor(conversation_id, seq),
      mark: (conversation_id, seq, caughtUp) => marks.note(conversation_id, seq, caughtUp),
    });
  }

  get state(): ClientState {
    return this.#connection.state;
  }

  /** The last entry that the app was handed; undefined where there was none, or it wants none. */
  cursorOf(conversation_id: ConversationId): Seq | undefined {
    return this.#logs?.cursorOf(conversation_id);
  }

  /** Resolves when the store was read, which happens once; rejects with its own error, and may then be tried again. */
  loaded(): Promise<void> {
    return (this.#loaded ??= this.#restore().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    }));
  }

  async connect(): Promise<void> {
    await this.loaded();
    await this.#connection.start();
  }

  reconnectNow(): void {
    this.#connection.reconnectNow();
  }

  /** Flushes what is due, closes, and rejects what still waits with `error`. Waits at most `withinMs` for others. */
  async close(withinMs: number, error: ParleyError): Promise<void> {
    await this.#atMost(withinMs, this.#logs?.stop() ?? Promise.resolve());
    this.#marks.flush();
    this.#marks.stop();
    await this.#atMost(withinMs, this.#connection.close({ kind: 'app' }));
    this.calls.close(error);
    this.sends.close(error);
    await this.#writer.close();
  }

  #makeConnection(): Connection {
    const { url, token, deviceKey, deviceName, clientName, openSocket = openPlatformSocket } = this.#options;
    return new Connection({
      environment: this.environment,
      endOfTick: this.endOfTick,
      openSocket,
      url: socketUrl(url, 'v1/socket'),
      token,
      hello: {
        type: 'hello',
        version: PROTOCOL_VERSION,
        min_version: PROTOCOL_VERSION_FLOOR,
        ...(deviceKey === undefined ? {} : { device_key: deviceKey }),
        ...(deviceName === undefined ? {} : { device_name: deviceName }),
        ...(clientName === undefined ? {} : { client: clientName }),
      },
      handler: {
        welcomed: (welcome) => this.#welcomed(welcome),
        frame: (frame) => this.#frame(frame),
        unreadable: (fault, ref) => this.#unreadable(fault, ref),
        lost: () => this.#requests.lost(),
        changed: (state) => this.#changed(state),
        failed: (error) => this.#emit({ kind: 'error', error }),
      },
    });
  }

  async #restore(): Promise<void> {
    const { owner, cursors, pending, hidden = 0 } = await this.#load();
    this.#owner = owner;
    this.#hidden.restore(hidden);
    this.#logs?.restore(cursors);
    this.sends.restore(pending);
  }

  #welcomed({ version, user_id, name, device_id, log_id }: Welcome): ParleyError | undefined {
    const owner = this.#owner;
    if (owner !== undefined && owner.user_id !== user_id) {
      return localError('forbidden', 'The store belongs to another user; give each user a store of its own.');
    }
    this.self = { user_id, name, device_id };
    this.#version = version;
    if (owner?.log_id !== log_id) {
      this.#owner = { user_id, log_id };
      this.#writer.reset(this.#owner);
      this.#marks.clear();
      this.#logs?.reset();
      this.#hidden.reset();
    }
    this.#requests.welcomed();
    this.sends.welcomed();
    this.calls.welcomed();
    this.sticky.welcomed();
    this.#hidden.welcomed();
    this.#logs?.welcomed();
    this.#marks.flush();
    return undefined;
  }

  #frame(frame: Down): void {
    switch (frame.type) {
      case 'error':
        if (frame.ref !== undefined)
          return this.#requests.settle(frame.ref, { kind: 'refused', fault: frame });
        // Of what has no `ref`, it is a mark that may have been refused for now (RECV-2).
        if (frame.code === 'unavailable') this.#marks.refused();
        if (frame.retry_after_ms !== undefined) this.#connection.waitAtLeast(frame.retry_after_ms);
        return this.#emit({ kind: 'error', error: new ParleyError(frame) });
      case 'entries':
        return this.#logs?.entries(frame);
      case 'heads':
        return this.#logs?.heads(frame);
      case 'queue_empty':
        this.#logs?.looked();
        return this.#emit({ kind: 'queue_empty' });
      case 'draining':
        this.#connection.waitAtLeast(frame.retry_after_ms);
        this.#emit({ kind: 'draining', retry_after_ms: frame.retry_after_ms });
        return this.#requests.drain();
      case 'welcome':
      case 'beat':
        return undefined;
      case 'receipts':
      case 'user_typing':
      case 'user_blocked':
        return this.#tell(frame);
      default:
        // The app is told before whoever asked: what an answer says is older than a push behind it in the same message.
        this.#tell(frame);
        if (frame.ref !== undefined) this.#requests.settle(frame.ref, { kind: 'answered', frame });
    }
  }

  #tell(frame: Down): void {
    if (frame.type === 'hidden') return this.#hidden.take(frame.rows);
    for (const event of eventsOf(frame)) this.#emit(event);
  }

  #unreadable(fault: Fault, ref: number | undefined): void {
    this.#emit({ kind: 'error', error: new ParleyError(fault) });
    if (ref !== undefined) this.#requests.settle(ref, { kind: 'unreadable', fault });
  }

  /** The server is going away and everything was answered: there is no reason to stay. */
  #drained(): void {
    this.#marks.flush();
    this.#connection.restart();
  }

  #changed(state: ClientState): void {
    this.#emit({ kind: 'connection', state });
    if (state.kind !== 'closed' || state.reason.kind === 'app') return;
    // Refused for good: whoever waits is told; the store keeps the sends for a client with another token.
    this.calls.close(state.reason.error);
    this.sends.close(state.reason.error);
  }

  /** An app's handler that throws must not take the client with it. */
  #emit(event: ClientEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch (thrown) {
      if (event.kind !== 'error') this.#emit({ kind: 'error', error: errorOf(thrown) });
    }
  }

  async #atMost(withinMs: number, done: Promise<void>): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.environment.timers.after(withinMs, resolve);
      // Neither a delivery nor a close rejects.
      void done.finally(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

function environmentOf({ clock, timers, randomness }: ChatClientOptions): Environment {
  return {
    clock: clock ?? systemEnvironment.clock,
    timers: timers ?? systemEnvironment.timers,
    randomness: randomness ?? systemEnvironment.randomness,
  };
}
