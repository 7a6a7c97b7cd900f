// Answers a batch of reads from one snapshot, which begins after the batch was asked for.
import type { Database } from 'bun:sqlite';
import { AccountReads } from './account-reads.ts';
import { ContactReads } from './contact-reads.ts';
import { InviteReads } from './invite-reads.ts';
import { LogReads } from './log-reads.ts';
import { MemberReads } from './member-reads.ts';
import { PersonalReads } from './personal-reads.ts';
import { ReceiptReads } from './receipt-reads.ts';
import type { ReadAnswer, ReadCalls, ReadRequest } from './read-calls.ts';
import { ReportReads } from './report-reads.ts';

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
  const personal = new PersonalReads(database);
  const receipts = new ReceiptReads(database);
  const contacts = new ContactReads(database);
  const invites = new InviteReads(database);
  const reports = new ReportReads(database);
  const calls: ReadCalls = {
    state: (...args) => logs.state(...args),
    read: (...args) => logs.read(...args),
    find: (...args) => logs.find(...args),
    locate: (...args) => logs.locate(...args),
    lastSentAt: (...args) => logs.lastSentAt(...args),
    states: (...args) => logs.states(...args),
    olderThan: (...args) => logs.olderThan(...args),
    conversation: (...args) => members.conversation(...args),
    direct: (...args) => members.direct(...args),
    group: (...args) => members.group(...args),
    members: (...args) => members.members(...args),
    countMembers: (...args) => members.countMembers(...args),
    membership: (...args) => members.membership(...args),
    conversationsOf: (...args) => members.conversationsOf(...args),
    channels: (...args) => members.channels(...args),
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
    standings: (...args) => personal.standings(...args),
    unreadOf: (...args) => personal.unreadOf(...args),
    hidden: (...args) => personal.hidden(...args),
    hiddenIn: (...args) => personal.hiddenIn(...args),
    followers: (...args) => personal.followers(...args),
    threads: (...args) => personal.threads(...args),
    watermarks: (...args) => receipts.watermarks(...args),
    watermark: (...args) => receipts.watermark(...args),
    passed: (...args) => receipts.passed(...args),
    receivedBy: (...args) => receipts.receivedBy(...args),
    settings: (...args) => contacts.settings(...args),
    contacts: (...args) => contacts.contacts(...args),
    watchersAmong: (...args) => contacts.watchersAmong(...args),
    contactsAmong: (...args) => contacts.contactsAmong(...args),
    blocked: (...args) => contacts.blocked(...args),
    blockersAmong: (...args) => contacts.blockersAmong(...args),
    lastSeen: (...args) => contacts.lastSeen(...args),
    invite: (...args) => invites.invite(...args),
    openInvites: (...args) => invites.openInvites(...args),
    report: (...args) => reports.report(...args),
    reports: (...args) => reports.reports(...args),
  };
  // A request comes from the queue of this package, which is typed by the same ReadCalls.
  return Object.assign(Object.create(null), calls) as Readonly<Record<string, Handler>>;
}
