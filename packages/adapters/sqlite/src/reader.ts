// Answers a batch of reads from one snapshot, which begins after the batch was asked for.
import type { Database } from 'bun:sqlite';
import { AccountReads } from './account-reads.ts';
import { LogReads } from './log-reads.ts';
import { MemberReads } from './member-reads.ts';
import type { ReadAnswer, ReadCalls, ReadRequest } from './read-calls.ts';

type Handler = (...args: readonly unknown[]) => unknown;

export class Reader {
  readonly #database: Database;
  readonly #handlers: Readonly<Record<string, Handler>>;

  constructor(database: Database) {
    this.#database = database;
    this.#handlers = handlersOf(database);
  }

  execute(requests: readonly ReadRequest[]): readonly ReadAnswer[] {
    try {
      this.#database.run('BEGIN');
      const answers = requests.map((request) => this.#answer(request));
      this.#database.run('COMMIT');
      return answers;
    } catch (error) {
      const answer = failed(error);
      return requests.map(() => answer);
    } finally {
      // A snapshot that stays open would keep the WAL from starting over.
      if (this.#database.inTransaction) this.#database.run('ROLLBACK');
    }
  }

  #answer([name, ...args]: ReadRequest): ReadAnswer {
    try {
      const handler = this.#handlers[name];
      if (handler === undefined) throw new Error(`no such read: ${name}`);
      return { kind: 'done', value: handler(...args) };
    } catch (error) {
      return failed(error);
    }
  }
}

function failed(error: unknown): ReadAnswer {
  return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
}

function handlersOf(database: Database): Readonly<Record<string, Handler>> {
  const logs = new LogReads(database);
  const members = new MemberReads(database);
  const accounts = new AccountReads(database);
  const calls: ReadCalls = {
    state: (...args) => logs.state(...args),
    read: (...args) => logs.read(...args),
    find: (...args) => logs.find(...args),
    states: (...args) => logs.states(...args),
    olderThan: (...args) => logs.olderThan(...args),
    conversation: (...args) => members.conversation(...args),
    direct: (...args) => members.direct(...args),
    group: (...args) => members.group(...args),
    members: (...args) => members.members(...args),
    countMembers: (...args) => members.countMembers(...args),
    membership: (...args) => members.membership(...args),
    conversationsOf: (...args) => members.conversationsOf(...args),
    countConversationsOf: (...args) => members.countConversationsOf(...args),
    behind: (...args) => members.behind(...args),
    received: (...args) => members.received(...args),
    userByName: (...args) => accounts.userByName(...args),
    userByExternalId: (...args) => accounts.userByExternalId(...args),
    usersByIds: (...args) => accounts.usersByIds(...args),
    usersByNames: (...args) => accounts.usersByNames(...args),
    devices: (...args) => accounts.devices(...args),
    token: (...args) => accounts.token(...args),
    tokensOf: (...args) => accounts.tokensOf(...args),
  };
  // A request comes from the queue of this package, which is typed by the same ReadCalls.
  return Object.assign(Object.create(null), calls) as Readonly<Record<string, Handler>>;
}
