// The one place where statements are sent: with which consistency, how many at a time, and what their errors mean.
import { type Client, policies, types } from 'cassandra-driver';
import { faultKindOf, readFault, writeFault } from './driver-fault.ts';
import type { RequestGate } from './request-gate.ts';

export type CqlValue = bigint | number | string | null | undefined | readonly unknown[];

export interface Statement {
  readonly query: string;
  /** `undefined` leaves a column unset, `null` is null in a condition. */
  readonly params: readonly CqlValue[];
}

/** `serial` sees, and settles, every conditional write that was issued before; `quorum` sees those that were applied. */
export type ReadLevel = 'quorum' | 'serial';

export type ConditionalOutcome =
  | 'applied'
  /** The condition did not hold, and this issue of the batch never will have an effect. */
  | 'refused'
  /** It may have been applied, or may be yet. */
  | 'unknown';

/** Rows that a scan fetches at a time. */
const SCAN_PAGE_ROWS_COUNT = 2_000;
/** A conditional write that nobody confirmed is looked for, never just sent again. */
const NO_RETRY = new policies.retry.FallthroughRetryPolicy();

export class CqlSession {
  readonly #client: Client;
  readonly #gate: RequestGate;

  constructor(client: Client, gate: RequestGate) {
    this.#client = client;
    this.#gate = gate;
  }

  /** All rows, which the statement must bound. */
  async read<Row>({ query, params }: Statement, level: ReadLevel = 'quorum'): Promise<readonly Row[]> {
    const consistency = level === 'serial' ? types.consistencies.serial : types.consistencies.quorum;
    try {
      const result = await this.#gate.run(() =>
        this.#client.execute(query, [...params], { prepare: true, isIdempotent: true, consistency }),
      );
      return rowsOf<Row>(result);
    } catch (error) {
      throw readFault(error);
    }
  }

  /** A page of a scan, and where the next begins; undefined after the last. */
  async scan<Row>(
    { query, params }: Statement,
    from: string | undefined,
  ): Promise<{ readonly rows: readonly Row[]; readonly next: string | undefined }> {
    const options = {
      prepare: true,
      isIdempotent: true,
      consistency: types.consistencies.quorum,
      fetchSize: SCAN_PAGE_ROWS_COUNT,
      ...(from === undefined ? {} : { pageState: from }),
    };
    try {
      const result = await this.#gate.run(() => this.#client.execute(query, [...params], options));
      return { rows: rowsOf<Row>(result), next: result.pageState ?? undefined };
    } catch (error) {
      throw readFault(error);
    }
  }

  /** Only what says USING TIMESTAMP by itself, so that doing it again, or late, changes nothing. */
  async write({ query, params }: Statement): Promise<void> {
    try {
      await this.#gate.run(() =>
        this.#client.execute(query, [...params], {
          prepare: true,
          isIdempotent: true,
          consistency: types.consistencies.quorum,
        }),
      );
    } catch (error) {
      throw writeFault(error);
    }
  }

  /** As `write`, in one request. Not atomic unless all are of one partition. */
  async writeAll(statements: readonly Statement[]): Promise<void> {
    if (statements.length === 0) return;
    try {
      await this.#gate.run(() =>
        this.#client.batch(mutable(statements), {
          prepare: true,
          logged: false,
          isIdempotent: true,
          consistency: types.consistencies.quorum,
        }),
      );
    } catch (error) {
      throw writeFault(error);
    }
  }

  /** One batch on one partition, with a condition among its statements. Rejects only where nothing was sent. */
  async conditional(statements: readonly Statement[]): Promise<ConditionalOutcome> {
    try {
      const result = await this.#gate.run(() =>
        this.#client.batch(mutable(statements), {
          prepare: true,
          logged: true,
          isIdempotent: false,
          consistency: types.consistencies.quorum,
          serialConsistency: types.consistencies.serial,
          retry: NO_RETRY,
        }),
      );
      return result.wasApplied() ? 'applied' : 'refused';
    } catch (error) {
      if (faultKindOf(error) === 'unknown') return 'unknown';
      throw writeFault(error);
    }
  }
}

const mutable = (statements: readonly Statement[]) =>
  statements.map(({ query, params }) => ({ query, params: [...params] }));

/** Its columns are what the statement names. */
const rowsOf = <Row>(result: types.ResultSet): readonly Row[] => [...(result as Iterable<Row>)];
