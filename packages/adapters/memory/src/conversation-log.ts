// The rules of one conversation's log in memory: the reference for what an append and a read mean.
import {
  type AppendOutcome,
  type LogState,
  type NewEntry,
  type Page,
  type ReadRange,
  type StoredEntry,
  type StoredState,
  type Token,
} from '@parley/ports/message-store';
import type { Seq } from '@parley/protocol/ids';
import type { LogRows } from './memory-world.ts';

export const keyOf = (entry: Pick<NewEntry, 'sender' | 'clientMsgId'>) =>
  `${entry.sender} ${entry.clientMsgId}`;

export const emptyLog = (): LogRows => ({
  token: undefined,
  head: 0,
  floor: 0,
  rows: [],
  byKey: new Map(),
  states: new Map(),
});

export const stateOf = (log: LogRows): LogState => ({ token: log.token, head: log.head, floor: log.floor });

/** Fenced comes before duplicate: a second try of an append that landed is told that the head has moved. */
export function appendTo(
  log: LogRows,
  as: Token,
  expectedHead: Seq,
  entries: readonly NewEntry[],
): AppendOutcome {
  if (log.token !== as || log.head !== expectedHead) {
    return { kind: 'refused', reason: { kind: 'fenced', state: stateOf(log) } };
  }
  const existing = entries.flatMap((entry) => log.byKey.get(keyOf(entry)) ?? []);
  if (existing.length > 0) {
    return { kind: 'refused', reason: { kind: 'duplicate', existing } };
  }
  for (const entry of entries) {
    log.head += 1;
    const row: StoredEntry = { ...entry, from: log.head, seq: log.head };
    log.rows.push(row);
    log.byKey.set(keyOf(row), row);
  }
  return { kind: 'applied', head: log.head };
}

export function readFrom(log: LogRows, range: ReadRange): Page {
  const entries: StoredEntry[] = [];
  let size = 0;
  for (let at = firstAfter(log.rows, range.after); at < log.rows.length; at++) {
    const row = log.rows[at];
    if (row === undefined || row.from > range.to) break;
    if (entries.length >= range.limit || size > range.maxBytes) break;
    entries.push(row);
    size += row.body.length;
  }
  const states = entries.flatMap((entry) => log.states.get(entry.seq) ?? []);
  return { entries, states, head: log.head, floor: log.floor };
}

export function dropFrom(log: LogRows, through: Seq): void {
  const floor = Math.max(log.floor, Math.min(through, log.head));
  const gone = log.rows.splice(0, firstAfter(log.rows, floor));
  for (const row of gone) {
    log.byKey.delete(keyOf(row));
    log.states.delete(row.seq);
  }
  log.floor = floor;
}

export function statesIn(log: LogRows, seqs: readonly Seq[]): readonly StoredState[] {
  const asked = [...new Set(seqs)].sort((one, other) => one - other);
  return asked.flatMap((seq) => log.states.get(seq) ?? []);
}

/** Those of dropped entries are left out: retention may pass an owner that is about to write one. */
export function putStatesIn(log: LogRows, states: readonly StoredState[]): void {
  for (const { seq, asOf, body } of states) {
    const there = log.states.get(seq);
    if (seq <= log.floor || (there !== undefined && there.asOf >= asOf)) continue;
    log.states.set(seq, { seq, asOf, body });
  }
}

export function eraseFrom(log: LogRows, seqs: readonly Seq[], body: string): void {
  for (const seq of seqs) {
    const at = firstAfter(log.rows, seq - 1);
    const row = log.rows[at];
    if (row?.seq !== seq) continue;
    const erased: StoredEntry = { ...row, body };
    log.rows[at] = erased;
    log.byKey.set(keyOf(erased), erased);
  }
}

/** The index of the first row that ends after a seq, by halving: logs of the simulator are long. */
function firstAfter(rows: readonly StoredEntry[], seq: Seq): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.seq ?? 0) > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}
