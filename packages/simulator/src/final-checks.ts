// What must hold when the faults have stopped and enough time has passed, invariant by invariant, against the log.
import { snowflakeTime } from '@parley/server/message/snowflake';
import type { StoredEntry } from '@parley/ports/message-store';
import { fingerprintOfRow } from './fingerprint.ts';
import type { HistoryChecker } from './history-checker.ts';
import type { Installation } from './installation.ts';
import { LogFolds } from './log-fold.ts';
import type { Operation } from './operations.ts';
import type { Invariant } from './violations.ts';
import { ALWAYS_SHOWN } from './wire-checker.ts';

export interface FinalCheckOptions {
  readonly checker: HistoryChecker;
  /** The true clock's time at the beginning, as a wall clock shows it. */
  readonly epochMs: number;
  /** No machine's clock was ever further off than this. */
  readonly clockErrorMaxMs: number;
}

export class FinalChecks {
  readonly #checker: HistoryChecker;
  readonly #options: FinalCheckOptions;
  readonly #folds: LogFolds;

  constructor(options: FinalCheckOptions) {
    this.#options = options;
    this.#checker = options.checker;
    this.#folds = new LogFolds(options.checker.world);
  }

  run(): void {
    const ids = new Map<string, string>();
    for (const [conversation, log] of this.#checker.world.state.logs) {
      this.#dense(conversation, log.head, log.rows);
      this.#rows(conversation, log.rows, ids);
      this.#order(conversation, log.rows);
      for (const { seq, what } of this.#folds.of(conversation).problems) {
        this.#bad('INV 16', `conversation ${conversation}, seq ${seq}: ${what}`, conversation);
      }
    }
    this.#ids(ids);
    for (const operation of this.#checker.operations.all) this.#operation(operation);
    for (const installation of this.#checker.installations) {
      this.#views(installation);
      if (!installation.retired) this.#caughtUp(installation);
    }
  }

  /** [INV 3] Every seq from 1 to the head is covered by exactly one row. */
  #dense(conversation: string, head: number, rows: readonly StoredEntry[]): void {
    let covered = 0;
    for (const row of rows) {
      if (row.from !== covered + 1 || row.seq < row.from) {
        this.#bad(
          'INV 3',
          `conversation ${conversation}: after ${covered} comes a row from ${row.from} to ${row.seq}`,
          conversation,
        );
      }
      covered = row.seq;
    }
    if (covered !== head)
      this.#bad(
        'INV 3',
        `conversation ${conversation}: the head is ${head}, the last row ${covered}`,
        conversation,
      );
  }

  /** [INV 2, 6, 9] Each row is what everybody saw, of one operation that may have been stored, and only one. */
  #rows(conversation: string, rows: readonly StoredEntry[], ids: Map<string, string>): void {
    const { wire, operations, installations } = this.#checker;
    const keys = new Set<string>();
    for (const row of rows) {
      wire.see(conversation, row.seq, fingerprintOfRow(row), 'in the store at the end');
      const where = `conversation ${conversation}, seq ${row.seq}`;
      const other = ids.get(row.messageId);
      if (other !== undefined)
        this.#bad('INV 7', `${where} and ${other} have the message_id ${row.messageId}`, conversation);
      ids.set(row.messageId, where);
      const key = `${row.sender} ${row.clientMsgId}`;
      if (keys.has(key)) this.#bad('INV 6', `${where} repeats ${key}`, conversation);
      keys.add(key);
      const user = installations.find((each) => each.user.id === row.sender)?.user.name ?? '';
      const same = operations.byId(user, row.clientMsgId);
      if (!same.some((operation) => isOf(operation, conversation, row))) {
        this.#bad('INV 6', `${where} (${key}) is what nobody asked for`, conversation);
      } else if (!wire.attempts.mayBeStored(key)) {
        this.#bad('INV 9', `${where} (${key}) is there, and every request for it was refused`, conversation);
      }
    }
  }

  /** [INV 5] The sends of one device stand in the order in which they were made, and were acknowledged in it. */
  #order(conversation: string, rows: readonly StoredEntry[]): void {
    const { operations } = this.#checker;
    const seqs = new Map(rows.map((row) => [`${row.sender} ${row.clientMsgId}`, row.seq]));
    const last = new Map<Installation, { seq: number; acknowledged: number; id: string }>();
    for (const operation of operations.all) {
      const { installation, clientMsgId: id } = operation;
      if (operation.kind !== 'send' || operation.conversation !== conversation || operation.repeats) continue;
      if (operations.byId(installation.user.name, id).length > 1) continue;
      const seq = seqs.get(`${installation.user.id} ${id}`);
      if (seq === undefined) continue;
      const before = last.get(installation);
      const acknowledged = operation.acknowledged ?? before?.acknowledged ?? 0;
      if (before !== undefined && (seq < before.seq || acknowledged < before.acknowledged)) {
        this.#bad(
          'INV 5',
          `conversation ${conversation}: ${id} has seq ${seq}, and ${before.id}, sent before it, ${before.seq}`,
          conversation,
        );
      }
      last.set(installation, { seq, acknowledged, id });
    }
  }

  /** [INV 7] The time in a message_id is when it was made, as far as clocks can tell. */
  #ids(ids: ReadonlyMap<string, string>): void {
    const { epochMs, clockErrorMaxMs } = this.#options;
    for (const [id, where] of ids) {
      const seenMs = this.#checker.wire.firstSeenMs.get(id) ?? this.#checker.trace.nowMs;
      const madeMs = snowflakeTime(id) - epochMs;
      if (madeMs > seenMs + clockErrorMaxMs || madeMs < -clockErrorMaxMs) {
        this.#bad('INV 7', `${where} was seen at ${seenMs} and its message_id says ${madeMs}`, '');
      }
    }
  }

  /** [INV 1, 9, 21] Acknowledged is stored, refused is not, and nothing waits for ever. */
  #operation(operation: Operation): void {
    const { kind, installation, conversation, clientMsgId: id, ended } = operation;
    const row = this.#rowOf(operation);
    const name = `${kind} ${id} in ${conversation ?? 'a new conversation'}`;
    const isSole = this.#checker.operations.byId(installation.user.name, id).length === 1;
    switch (ended.kind) {
      case 'ok':
        if (kind === 'open_direct' || kind === 'create_group') return;
        if (row?.seq !== ended.seq || row.messageId !== ended.messageId) {
          this.#bad(
            'INV 1',
            `${name} was acknowledged as seq ${ended.seq} and is ${row === undefined ? 'not there' : `seq ${row.seq}`}`,
            conversation ?? '',
          );
        }
        return;
      case 'refused':
        if (row !== undefined && isSole)
          this.#bad('INV 9', `${name} was refused (${ended.code}) and is seq ${row.seq}`, conversation ?? '');
        return;
      case 'open':
        this.#bad('INV 21', `${name} of ${installation.name} was never answered`, conversation ?? '');
        return;
      case 'unknown':
        // Kept on a disk that is still there: a later life of the app sent it again until it was decided.
        if (
          kind !== 'send' ||
          !isSole ||
          installation.retired ||
          !installation.disk.kept.has(id) ||
          row !== undefined
        )
          return;
        this.#bad(
          'INV 9',
          `${name} of ${installation.name} was kept, and was neither stored nor refused`,
          conversation ?? '',
        );
    }
  }

  /** [INV 15] Whatever an app was ever shown was its user's to read. */
  #views({ name, user, views }: Installation): void {
    for (const [conversation, view] of views) {
      const fold = this.#folds.of(conversation);
      for (const seq of view.shown.keys()) {
        if (fold.mayRead(user.id ?? '', seq)) continue;
        this.#bad('INV 15', `${name} was shown seq ${seq} of conversation ${conversation}`, conversation);
      }
    }
  }

  /** [INV 1, 10, 11, 21] An app that is online has all that is its user's, and the server knows that it has. */
  #caughtUp(installation: Installation): void {
    const { name, user, disk } = installation;
    if (!installation.isOnline)
      this.#bad('INV 21', `${name} is not online: ${installation.client?.state.kind ?? 'no process'}`, name);
    if (disk.pendingCount > 0) this.#bad('INV 21', `${name} still has ${disk.pendingCount} sends`, name);
    const { logs, marks, conversations } = this.#checker.world.state;
    for (const [conversation, { head }] of logs) {
      if (!conversations.has(conversation)) continue;
      const stay = this.#folds.of(conversation).lastStay(user.id ?? '');
      if (stay === undefined) continue;
      // What was written and never acknowledged may wait for the next claim of its conversation.
      const until = Math.min(stay.to ?? head, this.#checker.wire.acknowledgedTo(conversation));
      const view = installation.view(conversation);
      for (let seq = stay.visibleAfter + 1; seq <= until; seq++) {
        if (view.shown.has(seq)) continue;
        const isTail = seq > (view.coveredTo ?? 0);
        this.#bad(
          isTail ? 'INV 10' : 'INV 1',
          `${name} was not shown seq ${seq} (of ${until}) of conversation ${conversation}`,
          conversation,
        );
        break;
      }
      const device = installation.currentDevice;
      const mark =
        [...marks].find(([key]) => key === `${user.id} ${device}`)?.[1].get(conversation) ??
        stay.visibleAfter;
      if (until > stay.visibleAfter && mark < until) {
        this.#bad(
          'INV 11',
          `${name} (device ${device}) has all ${until} of conversation ${conversation}, and its mark is ${mark}`,
          conversation,
        );
      }
    }
  }

  #rowOf({ conversation, installation, clientMsgId }: Operation): StoredEntry | undefined {
    if (conversation === undefined) return undefined;
    const log = [...this.#checker.world.state.logs].find(([id]) => id === conversation)?.[1];
    return log?.rows.find((row) => row.sender === installation.user.id && row.clientMsgId === clientMsgId);
  }

  #bad(invariant: Invariant, what: string, word: string): void {
    this.#checker.violations.add(invariant, what, [`"${word}"`, ...ALWAYS_SHOWN]);
  }
}

function isOf(operation: Operation, conversation: string, row: StoredEntry): boolean {
  if (operation.kind === 'create_group') return row.kind === 'group_created';
  if (operation.conversation !== conversation) return false;
  if (operation.kind === 'change') return row.kind !== 'message';
  return row.kind === 'message' && row.body === `{"content":${operation.body}}`;
}
