// Reads of what users keep about conversations, each inside the reader's transaction.
import type { Database, Statement } from 'bun:sqlite';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { HiddenMessage, Standing, StandingPage, ThreadKey } from '@parley/ports/personal-store';
import type { Value } from './entry-row.ts';
import { LogCounts } from './log-counts.ts';
import { EVERYONE } from './personal-writes.ts';
import type { ReadCalls } from './read-calls.ts';

type Binding = string | number;
type PersonalCall = 'standings' | 'unreadOf' | 'hidden' | 'hiddenIn' | 'followers' | 'threads';

const MEMBERSHIP_COLUMNS = 'm.left_seq, m.joined_seq, m.visible_after';
const PERSONAL_COLUMNS = 'p.read_seq, p.muted_until, p.archived, p.pinned';
const LOG_COLUMNS = 'l.key, l.head, l.floor, l.floor_changes';

/** What the columns are where there is no such row: each is null, or undefined, alike. */
const NO_ROW: readonly Value[] = [];

type Numbers = readonly (number | null | undefined)[];

/** The parts of a standing: what the columns above bring. No membership row: never a member. */
interface Parts {
  readonly conversation: ConversationId;
  readonly membership: readonly Value[] | undefined;
  readonly personal: readonly Value[];
  readonly log: readonly Value[];
}

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, Binding[]> => database.prepare<never, Binding[]>(sql);
  return {
    membership: prepare(
      `SELECT ${MEMBERSHIP_COLUMNS} FROM memberships m WHERE m.user = ? AND m.conversation = ?`,
    ),
    personal: prepare(`SELECT ${PERSONAL_COLUMNS} FROM personal p WHERE p.user = ? AND p.conversation = ?`),
    log: prepare(`SELECT ${LOG_COLUMNS} FROM logs l WHERE l.id = ?`),
    all: prepare(
      `SELECT cast(m.conversation AS TEXT), ${MEMBERSHIP_COLUMNS}, ${PERSONAL_COLUMNS}, ${LOG_COLUMNS}
       FROM memberships m LEFT JOIN personal p ON p.user = m.user AND p.conversation = m.conversation
         CROSS JOIN logs l ON l.id = m.conversation
       WHERE m.user = ? AND m.left_seq IS NULL ORDER BY m.conversation`,
    ),
    mentions: prepare(
      `SELECT cast(sender AS TEXT), count(*) FROM mentions WHERE user = ? AND conversation = ? AND seq > ?
       GROUP BY sender`,
    ),
    hidden: prepare(
      `SELECT number, cast(conversation AS TEXT), seq FROM hidden WHERE user = ? AND number > ?
       ORDER BY number LIMIT ?`,
    ),
    hiddenIn: prepare(
      'SELECT seq FROM hidden WHERE user = ? AND conversation = ? AND seq > ? AND seq <= ? ORDER BY seq',
    ),
    followers: prepare(
      `SELECT cast(user AS TEXT) FROM followers WHERE conversation = ? AND thread = ? AND follows = 1
       ORDER BY user`,
    ),
    threads: prepare(
      `SELECT cast(conversation AS TEXT), thread FROM followers WHERE user = ? AND follows = 1
         AND (conversation, thread) > (cast(? AS INTEGER), ?) ORDER BY conversation, thread LIMIT ?`,
    ),
  };
}

export class PersonalReads implements Pick<ReadCalls, PersonalCall> {
  readonly #counts: LogCounts;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#counts = new LogCounts(database);
    this.#statements = prepareStatements(database);
  }

  standings(
    user: string,
    conversations: readonly string[],
    ignoring: readonly string[],
  ): readonly Standing[] {
    const ignored = new Set(ignoring);
    const sender = this.#counts.senderKey(user);
    return conversations.map((id) => {
      const parts: Parts = {
        conversation: id as ConversationId,
        membership: this.#statements.membership.values(user, id)[0],
        personal: this.#statements.personal.values(user, id)[0] ?? NO_ROW,
        log: this.#statements.log.values(id)[0] ?? NO_ROW,
      };
      return this.#standing(user, sender, parts, ignored);
    });
  }

  unreadOf(user: string, ignoring: readonly string[], after: string, limit: number): StandingPage {
    const ignored = new Set(ignoring);
    const sender = this.#counts.senderKey(user);
    const rows: Standing[] = [];
    const total = { unread: 0, mentions: 0 };
    let more = false;
    for (const row of this.#statements.all.values(user)) {
      const parts: Parts = {
        conversation: row[0] as ConversationId,
        membership: row.slice(1, 4),
        personal: row.slice(4, 8),
        log: row.slice(8),
      };
      const standing = this.#standing(user, sender, parts, ignored);
      if (standing.unread === 0 && standing.mentions === 0) continue;
      total.unread += standing.unread;
      total.mentions += standing.mentions;
      if (BigInt(standing.conversation) <= BigInt(after)) continue;
      if (rows.length < limit) rows.push(standing);
      else more = true;
    }
    return { rows, next: more ? rows.at(-1)?.conversation : undefined, total };
  }

  hidden(user: string, after: number, limit: number): readonly HiddenMessage[] {
    return this.#statements.hidden.values(user, after, limit).map(([number, conversation, seq]) => ({
      number: number as number,
      conversation: conversation as ConversationId,
      seq: seq as number,
    }));
  }

  hiddenIn(user: string, conversation: string, after: number, to: number): readonly number[] {
    return this.#statements.hiddenIn.values(user, conversation, after, to).map(([seq]) => seq as number);
  }

  followers(conversation: string, thread: number): readonly UserId[] {
    return this.#statements.followers.values(conversation, thread).map(([user]) => user as UserId);
  }

  threads(user: string, after: string, afterThread: number, limit: number): readonly ThreadKey[] {
    return this.#statements.threads.values(user, after, afterThread, limit).map(([conversation, thread]) => ({
      conversation: conversation as ConversationId,
      thread: thread as number,
    }));
  }

  #standing(
    user: string,
    sender: number | undefined,
    { conversation, membership, personal, log }: Parts,
    ignored: ReadonlySet<string>,
  ): Standing {
    const [leftSeq, joined, visibleAfter] = (membership ?? NO_ROW) as Numbers;
    const [readSeq, mutedUntil, archived, pinned] = personal as Numbers;
    const [key, headSeq, floor, floorChanges] = log as Numbers;
    const [read, head] = [readSeq ?? joined ?? 0, headSeq ?? 0];
    const from = Math.max(read, floor ?? 0, visibleAfter ?? 0);
    const counts = { unread: 0, mentions: 0 };
    if (membership !== undefined && leftSeq === null && key !== undefined && from < head) {
      const counted = { key: key ?? 0, head, floorChanges: floorChanges ?? 0 };
      counts.unread = this.#counts.othersAfter(counted, sender, from);
      counts.mentions = this.#mentions(user, conversation, from, ignored);
    }
    return {
      conversation,
      read,
      ...counts,
      asOf: leftSeq ?? head,
      mutedUntil: mutedUntil ?? 0,
      archived: archived === 1,
      pinned: pinned === 1,
    };
  }

  #mentions(user: string, conversation: string, after: number, ignored: ReadonlySet<string>): number {
    let count = 0;
    for (const whom of [user, EVERYONE]) {
      for (const [sender, times] of this.#statements.mentions.values(whom, conversation, after)) {
        if (sender !== user && !ignored.has(sender as string)) count += times as number;
      }
    }
    return count;
  }
}
