// Watermarks of receipts and the times of their steps, each inside the transaction of a batch.
import type { Database, Statement } from 'bun:sqlite';
import type { ReceiptStep } from '@parley/ports/receipt-store';
import { RECEIPT_FIELDS_COUNT, type WriteCalls } from './write-calls.ts';

type Binding = string | number | null;

interface Watermarks {
  readonly received: number;
  readonly read: number;
}

/** The device of a row that is the user's reading. */
export const READING_DEVICE = '0';

function prepareStatements(database: Database) {
  const prepare = <Row>(sql: string): Statement<Row, Binding[]> => database.prepare<Row, Binding[]>(sql);
  return {
    deviceMark: prepare<{ seq: number }>(
      'SELECT seq FROM receipt_devices WHERE conversation = ? AND user = ? AND device = ?',
    ),
    readMark: prepare<{ seq: number }>(
      'SELECT read AS seq FROM receipts WHERE conversation = ? AND user = ?',
    ),
    raiseDevice: prepare<never>(
      `INSERT INTO receipt_devices (conversation, user, device, seq) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET seq = excluded.seq`,
    ),
    raiseReceived: prepare<Watermarks>(
      `INSERT INTO receipts (conversation, user, received, read) VALUES (?, ?, ?, 0)
       ON CONFLICT DO UPDATE SET received = excluded.received WHERE excluded.received > received
       RETURNING received, read`,
    ),
    raiseRead: prepare<Watermarks>(
      `INSERT INTO receipts (conversation, user, received, read) VALUES (?, ?, 0, ?)
       ON CONFLICT DO UPDATE SET read = excluded.read RETURNING received, read`,
    ),
    lastStep: prepare<{ seq: number }>(
      `SELECT seq FROM receipt_steps WHERE conversation = ? AND user = ? AND device = ?
       ORDER BY seq DESC LIMIT 1`,
    ),
    addStep: prepare<never>(
      'INSERT INTO receipt_steps (conversation, user, device, seq, at) VALUES (?, ?, ?, ?, ?)',
    ),
    dropTimes: prepare<never>('DELETE FROM receipt_steps WHERE conversation = ? AND seq <= ?'),
  };
}

export class ReceiptWrites implements Pick<WriteCalls, 'raiseReceipts' | 'dropTimes'> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  raiseReceipts(fields: readonly (string | number | null)[]): number[] {
    const raised: number[] = [];
    for (let index = 0; index < fields.length; index += RECEIPT_FIELDS_COUNT) {
      const [conversation, user, device] = fields.slice(index, index + 3) as string[];
      const [seq, at] = [fields[index + 3] as number, fields[index + 4] as number | null];
      const row = this.#raise(conversation ?? '', user ?? '', device ?? '', seq, at);
      if (row !== undefined) raised.push(index / RECEIPT_FIELDS_COUNT, row.received, row.read);
    }
    return raised;
  }

  dropTimes(conversation: string, through: number): void {
    this.#statements.dropTimes.run(conversation, through);
  }

  /** The user's watermarks, where the step raised one of them. */
  #raise(
    conversation: string,
    user: string,
    device: string,
    seq: number,
    at: number | null,
  ): Watermarks | undefined {
    const statements = this.#statements;
    const before =
      device === READING_DEVICE
        ? statements.readMark.get(conversation, user)
        : statements.deviceMark.get(conversation, user, device);
    const from = before?.seq ?? 0;
    if (seq <= from) return undefined;
    if (device !== READING_DEVICE) statements.raiseDevice.run(conversation, user, device, seq);
    const raise = device === READING_DEVICE ? statements.raiseRead : statements.raiseReceived;
    const row = raise.get(conversation, user, seq) ?? undefined;
    if (at !== null) this.#addStep(conversation, user, device, { from, seq, at });
    return row;
  }

  #addStep(
    conversation: string,
    user: string,
    device: string,
    { from, seq, at }: { from: number; seq: number; at: number },
  ): void {
    const statements = this.#statements;
    // What was passed without a time must not get that of a later step.
    if (from > 0 && (statements.lastStep.get(conversation, user, device)?.seq ?? 0) < from)
      statements.addStep.run(conversation, user, device, from, null);
    statements.addStep.run(conversation, user, device, seq, at);
  }
}

/** A step as values in a row: see RECEIPT_FIELDS_COUNT. */
export const stepFields = ({ conversation, user, device, seq, at, timed }: ReceiptStep) => [
  conversation,
  user,
  device ?? READING_DEVICE,
  seq,
  timed ? at : null,
];
