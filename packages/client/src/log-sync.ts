// Keeps every conversation's log going: takes pushes and heads in, pulls what is missing, hands it to the app.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { Entries, Heads } from '@parley/protocol/log';
import { BackOff } from './back-off.ts';
import type { ClientLimits } from './client-limits.ts';
import type { Cursor } from './client-store.ts';
import { ConversationLog } from './conversation-log.ts';
import { Delivery } from './delivery.ts';
import type { EndOfTick } from './end-of-tick.ts';
import type { Environment, Timer } from './environment.ts';
import type { AppEntry, ClientEvent } from './event.ts';
import { localError, ParleyError, type WireFault } from './parley-error.ts';
import type { Outcome, RequestTable } from './request-table.ts';

export type LogSyncOptions = {
  environment: Environment;
  endOfTick: EndOfTick;
  requests: RequestTable;
  limits: ClientLimits;
  self: () => UserId | undefined;
  onEntry: (entry: AppEntry) => void | Promise<void>;
  emit: (event: ClientEvent) => void;
  /** The app has everything up to `seq`. */
  moved: (cursor: Cursor) => void;
  /** The server is to be told of a cursor. */
  mark: (conversation_id: ConversationId, seq: Seq, caughtUp: boolean) => void;
};

type Followed = { log: ConversationLog; delivery: Delivery; backOff: BackOff; pause: Timer | undefined };

export class LogSync {
  readonly #options: LogSyncOptions;
  readonly #followed = new Map<ConversationId, Followed>();
  /** Conversations that may need a pull, in the order in which that was found out. */
  readonly #wanting = new Set<Followed>();
  /** Conversations that had a life before this connection, and no row since it began. */
  readonly #rowless = new Set<Followed>();
  readonly #pullWanting = (): void => this.#pull();
  #pullsOut = 0;
  /** Items of all conversations that wait for the app. */
  #waiting = 0;
  #stopped = false;

  constructor(options: LogSyncOptions) {
    this.#options = options;
  }

  restore(cursors: readonly Cursor[]): void {
    for (const { conversation_id, seq } of cursors) this.#follow(conversation_id, seq);
  }

  cursorOf(conversation_id: ConversationId): Seq | undefined {
    return this.#followed.get(conversation_id)?.log.cursor;
  }

  /** Forgets everything: the logs are other ones. */
  reset(): void {
    this.#halt();
    this.#followed.clear();
    this.#wanting.clear();
    this.#rowless.clear();
    this.#waiting = 0;
  }

  /** Handlers under way may end; nothing new is handed over. Resolves when they are through; never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#halt();
    await Promise.all([...this.#followed.values()].map(({ delivery }) => delivery.through()));
  }

  welcomed(): void {
    this.#rowless.clear();
    for (const followed of this.#followed.values()) {
      if (followed.log.active) this.#rowless.add(followed);
      this.#want(followed);
    }
  }

  /**
   * The look that begins a connection is over. A conversation without a row is one of which the device has everything;
   * the app need not, where another client of the device received it. So each that was active is pulled once after its
   * own cursor: one small frame up and one down for each of them and each connection, and nothing where nothing moved.
   */
  looked(): void {
    if (this.#stopped) return;
    for (const followed of this.#rowless) {
      followed.log.unsure = true;
      this.#want(followed);
    }
    this.#rowless.clear();
  }

  entries({ conversation_id, entries }: Entries): void {
    if (this.#stopped) return;
    const followed = this.#follow(conversation_id, undefined);
    const { bufferedEntriesMaxCount, bufferedEntriesTotalMaxCount } = this.#options.limits;
    const ofOthers = this.#waiting - followed.log.waiting;
    const roomFor = Math.min(bufferedEntriesMaxCount, bufferedEntriesTotalMaxCount - ofOthers);
    this.#change(followed, (log) => {
      for (const entry of entries) log.push(entry, log.waiting < roomFor);
    });
  }

  heads({ rows }: Heads): void {
    if (this.#stopped) return;
    for (const row of rows) {
      const followed = this.#follow(row.conversation_id, undefined);
      const { log } = followed;
      this.#rowless.delete(followed);
      let known = true;
      this.#change(followed, () => (known = log.row(row)));
      // The server lost a mark: it would offer the same again and again.
      if (!known && log.cursor !== undefined)
        this.#options.mark(log.conversation_id, log.cursor, log.caughtUp);
      const removal = log.removalToTell();
      if (removal !== undefined)
        this.#options.emit({ kind: 'removed', conversation_id: log.conversation_id, seq: removal });
    }
  }

  #halt(): void {
    for (const { delivery, pause } of this.#followed.values()) {
      delivery.stop();
      pause?.cancel();
    }
  }

  #follow(conversation_id: ConversationId, cursor: Seq | undefined): Followed {
    const known = this.#followed.get(conversation_id);
    if (known !== undefined) return known;
    const { environment, self, onEntry, emit } = this.#options;
    const log = new ConversationLog(conversation_id, cursor);
    const applied = (): void => this.#applied(followed);
    const delivery = new Delivery({ environment, log, self, onEntry, emit, applied });
    const followed: Followed = {
      log,
      delivery,
      backOff: new BackOff(environment.randomness),
      pause: undefined,
    };
    this.#followed.set(conversation_id, followed);
    return followed;
  }

  /** Whoever was forgotten by `reset` still ends its handler; that says nothing of the new logs. */
  #isCurrent({ log }: Followed): boolean {
    return this.#followed.get(log.conversation_id)?.log === log;
  }

  #change(followed: Followed, take: (log: ConversationLog) => void): void {
    const { log, delivery } = followed;
    const before = log.waiting;
    take(log);
    this.#waiting += log.waiting - before;
    delivery.run();
    this.#want(followed);
  }

  #applied(followed: Followed): void {
    if (!this.#isCurrent(followed)) return;
    const { log } = followed;
    this.#waiting--;
    const seq = log.cursor ?? 0;
    this.#options.moved({ conversation_id: log.conversation_id, seq });
    this.#options.mark(log.conversation_id, seq, log.caughtUp);
    this.#want(followed);
  }

  #want(followed: Followed): void {
    if (followed.log.wantsPull) this.#wanting.add(followed);
    if (this.#wanting.size > 0) this.#options.endOfTick.collect(this.#pullWanting);
  }

  /** Sends the pulls that are wanted, as far as there is room for their answers. */
  #pull(): void {
    const { requests, limits } = this.#options;
    for (const followed of this.#wanting) {
      const { log } = followed;
      const full = this.#waiting >= limits.bufferedEntriesTotalMaxCount;
      if (!requests.online || full || this.#pullsOut >= limits.pullsInFlightMaxCount) return;
      if (!log.wantsPull || log.pulling || log.pausing) {
        this.#wanting.delete(followed);
      } else if (log.waiting <= limits.bufferedEntriesMaxCount / 2) {
        this.#wanting.delete(followed);
        this.#ask(followed);
      }
    }
  }

  #ask(followed: Followed): void {
    const { log } = followed;
    const { conversation_id, tail } = log;
    const window = {
      ...(tail === undefined ? {} : { after: tail }),
      limit: this.#options.limits.pullWindowMaxCount,
    };
    log.pullSent();
    this.#pullsOut++;
    this.#options.requests.open({
      build: (ref) => ({ type: 'pull', ref, conversation_id, ...window }),
      settle: (outcome) => {
        this.#pullsOut--;
        log.pulling = false;
        if (this.#stopped) return;
        if (this.#wanting.size > 0) this.#options.endOfTick.collect(this.#pullWanting);
        if (this.#isCurrent(followed)) this.#settle(followed, outcome);
      },
    });
  }

  #settle(followed: Followed, outcome: Outcome): void {
    const { log } = followed;
    switch (outcome.kind) {
      case 'answered': {
        const answer = outcome.frame;
        if (answer.type !== 'pulled') return this.#pauseFor(followed, NO_PROGRESS);
        let further = false;
        this.#change(followed, () => (further = log.pulled(answer)));
        if (further) followed.backOff.reset();
        else this.#pauseFor(followed, NO_PROGRESS);
        return;
      }
      case 'refused':
        if (outcome.fault.retry === 'later') return this.#pauseFor(followed, outcome.fault);
        log.giveUp();
        return this.#report(log, new ParleyError(outcome.fault));
      case 'unreadable':
        return this.#pauseFor(followed, outcome.fault);
      case 'dropped':
        return this.#want(followed);
    }
  }

  #pauseFor(followed: Followed, fault: WireFault): void {
    const { log, backOff } = followed;
    log.pausing = true;
    followed.pause = this.#options.environment.timers.after(backOff.next(fault.retry_after_ms), () => {
      log.pausing = false;
      this.#want(followed);
    });
    if (fault.retry === 'no') this.#report(log, new ParleyError(fault));
  }

  #report({ conversation_id }: ConversationLog, error: Error): void {
    this.#options.emit({ kind: 'error', error, conversation_id });
  }
}

const NO_PROGRESS = localError(
  'malformed',
  'The server answered a pull with nothing, although there is more.',
).fault;
