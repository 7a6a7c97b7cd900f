// Writes a batch of requests in one transaction, and says of each what became of it once COMMIT has returned.
import type { Database } from 'bun:sqlite';
import { AccountWrites } from './account-writes.ts';
import { ContactWrites } from './contact-writes.ts';
import { InviteWrites } from './invite-writes.ts';
import { LogKeys } from './log-keys.ts';
import { LogWrites } from './log-writes.ts';
import { MemberWrites } from './member-writes.ts';
import { PersonalWrites } from './personal-writes.ts';
import { ReceiptWrites } from './receipt-writes.ts';
import { ReportWrites } from './report-writes.ts';
import { judge, primaryCode, type Step, type Verdict } from './sqlite-fault.ts';
import { StateWrites } from './state-writes.ts';
import {
  APPLIED,
  type WriteAnswer,
  type WriteCalls,
  type WriteFault,
  type WriteRequest,
} from './write-calls.ts';

type Handler = (...args: readonly unknown[]) => unknown;

/** How one try to write a batch ended. */
type Try =
  | { readonly kind: 'committed'; readonly values: readonly unknown[] }
  | { readonly kind: 'invalid'; readonly index: number; readonly message: string }
  | { readonly kind: 'failed'; readonly fault: WriteFault; readonly message: string };

/** One connection, one thread. It never throws for what the disk or a request does. */
export class Writer {
  readonly #database: Database;
  readonly #keys: LogKeys;
  readonly #states: StateWrites;
  readonly #handlers: Readonly<Record<string, Handler>>;
  #transactions = 0;
  #stopped: string | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#keys = new LogKeys(database);
    this.#states = new StateWrites(database);
    this.#handlers = handlersOf({ database, keys: this.#keys, states: this.#states });
  }

  /** Why it will never write again; undefined while it may. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** Transactions that were committed. */
  get transactions(): number {
    return this.#transactions;
  }

  /** Whether something was erased since the last call, so that old frames of the WAL hold what is to be gone. */
  takeErased(): boolean {
    return this.#states.takeErased();
  }

  /** One answer per request, or their number when all were appends and all were applied. */
  execute(requests: readonly WriteRequest[]): number | readonly WriteAnswer[] {
    const invalid = new Map<number, string>();
    for (;;) {
      const result = this.#try(requests, invalid);
      if (result.kind === 'committed') return answersOf(result.values, invalid);
      if (result.kind === 'failed') {
        const answer: WriteAnswer = { kind: 'failed', fault: result.fault, message: result.message };
        return requests.map(() => answer);
      }
      // Rare: only a caller's mistake gets here. The others are written again without it, so none of them suffers.
      invalid.set(result.index, result.message);
    }
  }

  /** Called for an I/O error outside of a batch. */
  stop(reason: string): void {
    this.#stopped ??= reason;
  }

  #try(requests: readonly WriteRequest[], invalid: ReadonlyMap<number, string>): Try {
    if (this.#stopped !== undefined) return { kind: 'failed', fault: 'unavailable', message: this.#stopped };
    const values: unknown[] = [];
    let step: Step = 'begin';
    try {
      this.#database.run('BEGIN IMMEDIATE');
      step = 'write';
      for (const [name, ...args] of requests) {
        if (invalid.has(values.length)) values.push(undefined);
        else values.push(this.#handler(name)(...args));
      }
      step = 'commit';
      this.#database.run('COMMIT');
      this.#transactions += 1;
      return { kind: 'committed', values };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return this.#failed(judge(primaryCode(error), step), message, values.length);
    }
  }

  #failed(verdict: Verdict, message: string, index: number): Try {
    this.#rollBack();
    switch (verdict) {
      case 'invalid_request':
        return { kind: 'invalid', index, message };
      case 'storage_full':
      case 'unavailable':
        return { kind: 'failed', fault: verdict, message };
      case 'stopped':
        this.stop(message);
        return { kind: 'failed', fault: 'unavailable', message };
      case 'unknown':
        this.stop(message);
        return { kind: 'failed', fault: 'outcome_unknown', message };
      default:
        return verdict satisfies never;
    }
  }

  #rollBack(): void {
    this.#keys.forget();
    try {
      // Some errors have rolled back already.
      if (this.#database.inTransaction) this.#database.run('ROLLBACK');
    } catch (error) {
      this.stop(`ROLLBACK failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #handler(name: string): Handler {
    const handler = this.#handlers[name];
    if (handler === undefined) throw new Error(`no such write: ${name}`);
    return handler;
  }
}

interface HandlerParts {
  readonly database: Database;
  readonly keys: LogKeys;
  readonly states: StateWrites;
}

function handlersOf({ database, keys, states }: HandlerParts): Readonly<Record<string, Handler>> {
  const logs = new LogWrites(database, keys);
  const members = new MemberWrites(database);
  const accounts = new AccountWrites(database);
  const personal = new PersonalWrites(database);
  const receipts = new ReceiptWrites(database);
  const contacts = new ContactWrites(database);
  const invites = new InviteWrites(database);
  const reports = new ReportWrites(database);
  const calls: WriteCalls = {
    claim: (...args) => logs.claim(...args),
    append: (...args) => logs.append(...args),
    drop: (...args) => logs.drop(...args),
    putStates: (...args) => states.putStates(...args),
    erase: (...args) => states.erase(...args),
    createConversation: (...args) => members.createConversation(...args),
    applyChanges: (...args) => members.applyChanges(...args),
    markReceived: (...args) => members.markReceived(...args),
    createUser: (...args) => accounts.createUser(...args),
    setPasswordHash: (...args) => accounts.setPasswordHash(...args),
    createDevice: (...args) => accounts.createDevice(...args),
    createToken: (...args) => accounts.createToken(...args),
    revokeTokens: (...args) => accounts.revokeTokens(...args),
    removeDevice: (...args) => accounts.removeDevice(...args),
    dropExpiredTokens: (...args) => accounts.dropExpiredTokens(...args),
    beginReading: (...args) => personal.beginReading(...args),
    read: (...args) => personal.read(...args),
    unread: (...args) => personal.unread(...args),
    setFlags: (...args) => personal.setFlags(...args),
    setMentions: (...args) => personal.setMentions(...args),
    dropPersonal: (...args) => personal.dropPersonal(...args),
    hide: (...args) => personal.hide(...args),
    follow: (...args) => personal.follow(...args),
    raiseReceipts: (...args) => receipts.raiseReceipts(...args),
    dropTimes: (...args) => receipts.dropTimes(...args),
    setSettings: (...args) => contacts.setSettings(...args),
    watch: (...args) => contacts.watch(...args),
    unwatch: (...args) => contacts.unwatch(...args),
    block: (...args) => contacts.block(...args),
    unblock: (...args) => contacts.unblock(...args),
    setLastSeen: (...args) => contacts.setLastSeen(...args),
    createInvite: (...args) => invites.createInvite(...args),
    revokeInvite: (...args) => invites.revokeInvite(...args),
    useInvite: (...args) => invites.useInvite(...args),
    giveInviteBack: (...args) => invites.giveInviteBack(...args),
    dropExpiredInvites: (...args) => invites.dropExpiredInvites(...args),
    addReport: (...args) => reports.addReport(...args),
    closeReport: (...args) => reports.closeReport(...args),
  };
  // A request comes from the queue of this package, which is typed by the same WriteCalls.
  return Object.assign(Object.create(null), calls) as Readonly<Record<string, Handler>>;
}

function answersOf(
  values: readonly unknown[],
  invalid: ReadonlyMap<number, string>,
): number | readonly WriteAnswer[] {
  if (invalid.size === 0 && values.every((value) => value === APPLIED)) return values.length;
  return values.map((value, index) => {
    const message = invalid.get(index);
    return message === undefined
      ? { kind: 'done', value }
      : { kind: 'failed', fault: 'invalid_request', message };
  });
}
