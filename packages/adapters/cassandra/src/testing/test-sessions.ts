// Sessions that do to conditional batches what a network and an engine may do, and one that remembers what was sent.
import type { Client } from 'cassandra-driver';
import { type ConditionalOutcome, CqlSession, type Statement } from '../cql-session.ts';
import { RequestGate } from '../request-gate.ts';
import { REAL_TIMERS } from './test-keyspace.ts';

export const testGate = () =>
  new RequestGate({ timers: REAL_TIMERS, inFlightMaxCount: 64, waitingMaxCount: 1_024, waitMaxMs: 5_000 });

type Issue = () => Promise<ConditionalOutcome>;

/** What is to happen to the conditional batches that come, one each; nothing special to those after them. */
export type Mischief = (issue: Issue) => Promise<ConditionalOutcome>;

export class MischiefSession extends CqlSession {
  readonly next: Mischief[] = [];
  /** Of every conditional batch that was asked for. */
  readonly asked: (readonly Statement[])[] = [];

  constructor(client: Client) {
    super(client, testGate());
  }

  override conditional(statements: readonly Statement[]): Promise<ConditionalOutcome> {
    this.asked.push(statements);
    const issue = () => super.conditional(statements);
    const mischief = this.next.shift();
    return mischief === undefined ? issue() : mischief(issue);
  }
}

export interface Sent {
  readonly how: 'write' | 'conditional';
  readonly queries: readonly string[];
}

export class RecordingSession extends CqlSession {
  readonly sent: Sent[] = [];

  constructor(client: Client) {
    super(client, testGate());
  }

  override write(statement: Statement): Promise<void> {
    this.sent.push({ how: 'write', queries: [statement.query] });
    return super.write(statement);
  }

  override writeAll(statements: readonly Statement[]): Promise<void> {
    this.sent.push({ how: 'write', queries: statements.map(({ query }) => query) });
    return super.writeAll(statements);
  }

  override conditional(statements: readonly Statement[]): Promise<ConditionalOutcome> {
    this.sent.push({ how: 'conditional', queries: statements.map(({ query }) => query) });
    return super.conditional(statements);
  }
}
