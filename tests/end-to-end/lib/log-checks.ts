// What must be true of a log that was written and read through faults. Each check returns what it found wrong.
import { type Json, parse } from './parley.ts';

const FINDINGS_MAX_COUNT = 5;

/** [INV 3] Seqs are 1, 2, 3 … without a hole and without a repeat. */
export function density(history: readonly string[]): string[] {
  return first(
    history.flatMap((line, index) => (parse(line)['seq'] === index + 1 ? [] : [`at ${index + 1}: ${line}`])),
  );
}

/** [INV 4] A reader that was never killed has the log, line by line, without any repeat. */
export function sameAsLog(history: readonly string[], view: readonly string[]): string[] {
  const wrong = history.flatMap((line, index) =>
    view[index] === line ? [] : [`expected ${line}, got ${String(view[index])}`],
  );
  return first([...wrong, ...view.slice(history.length).map((line) => `more than the log: ${line}`)]);
}

/** [INV 2, INV 11] A reader that was killed may have repeats over its starts, all alike, and together it has the log. */
export function sameOnceOverStarts(
  history: readonly string[],
  views: readonly (readonly string[])[],
): string[] {
  const seen = new Map<number, string>();
  const wrong: string[] = [];
  for (const view of views) {
    let last = 0;
    for (const line of view) {
      const seq = Number(parse(line)['seq']);
      if (seq <= last) wrong.push(`${seq} after ${last} in one start`);
      // From one start to the next it may go back, never beyond what comes next.
      if (last === 0 && seq > seen.size + 1) wrong.push(`a start begins at ${seq} after ${seen.size}`);
      if ((seen.get(seq) ?? line) !== line)
        wrong.push(`two contents at ${seq}: ${line} and ${String(seen.get(seq))}`);
      seen.set(seq, line);
      last = seq;
    }
  }
  const view = [...seen.entries()].toSorted(([a], [b]) => a - b).map(([, line]) => line);
  return first([...wrong, ...sameAsLog(history, view)]);
}

/** [INV 1, INV 6] Each acknowledged line is in the log once, at the seq and with the ids of its acknowledgement. */
export function acknowledgedOnce(history: readonly string[], sent: readonly Sender[]): string[] {
  const log = history.map(parse);
  const wrong: string[] = [];
  const ids = log.map((entry) => String(entry['message_id']));
  if (new Set(ids).size !== ids.length) wrong.push('a message_id occurs twice');
  for (const { name, lines, acks } of sent) {
    if (acks.length !== lines.length) wrong.push(`${name}: ${acks.length} acks for ${lines.length} lines`);
    const own = log.filter((entry) => entry['sender'] === name && entry['kind'] === 'message');
    if (own.length !== lines.length) wrong.push(`${name}: ${own.length} entries for ${lines.length} lines`);
    // [INV 5] In the order in which they were sent.
    own.forEach((entry, index) => {
      if (entry['text'] !== lines[index])
        wrong.push(`${name}: line ${index + 1} is ${JSON.stringify(entry)}`);
    });
    acks.forEach((ack, index) => wrong.push(...atItsSeq(log, ack, lines[index])));
  }
  return first(wrong);
}

export interface Sender {
  readonly name: string;
  readonly lines: readonly string[];
  readonly acks: readonly Json[];
}

function atItsSeq(log: readonly Json[], ack: Json, text: string | undefined): string[] {
  const entry = log[Number(ack['seq']) - 1];
  const same = ['message_id', 'client_msg_id', 'at'].every((field) => entry?.[field] === ack[field]);
  return same && entry?.['text'] === text
    ? []
    : [`acknowledged ${JSON.stringify(ack)}, stored ${JSON.stringify(entry)}`];
}

function first(findings: string[]): string[] {
  const more = findings.length - FINDINGS_MAX_COUNT;
  return more > 0 ? [...findings.slice(0, FINDINGS_MAX_COUNT), `and ${more} more`] : findings;
}
