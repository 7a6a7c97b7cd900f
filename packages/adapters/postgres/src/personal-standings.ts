// How conversations stand to a user: the marks from here, the counts from the log, wherever it is, then the mentions
// among what is unread.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { CountAfter, LogCounts } from '@parley/ports/log-counts';
import type { Standing, StandingPage } from '@parley/ports/personal-store';
import type { Database } from './database.ts';
import { BEFORE_THE_FIRST } from './id-page.ts';
import { statement } from './statement.ts';

/** Conversations whose counts are asked for in one call. */
const CONVERSATIONS_MAX_COUNT = 500;

/** The user of a row that mentions every member. */
export const EVERYONE = '0';

interface PlaceRow {
  readonly conversation: ConversationId;
  readonly member: boolean;
  readonly left_seq: string | null;
  /** After this the user may see, and has not read. */
  readonly after: string;
  readonly read: string;
  readonly muted_until: string;
  readonly archived: boolean;
  readonly pinned: boolean;
}

// Before anything was read, what came before the user joined is not unread.
const PLACE_COLUMNS = `coalesce(p.read_seq, m.joined_seq, 0) AS read,
  greatest(coalesce(p.read_seq, m.joined_seq, 0), m.visible_after) AS after,
  m.user_id IS NOT NULL AND m.left_seq IS NULL AS member, m.left_seq,
  coalesce(p.muted_until, 0) AS muted_until, coalesce(p.archived, false) AS archived,
  coalesce(p.pinned, false) AS pinned`;

const SOME = statement<PlaceRow>(
  'standings_some',
  `SELECT c.conversation, ${PLACE_COLUMNS} FROM unnest($2::bigint[]) AS c (conversation)
     LEFT JOIN memberships m ON m.user_id = $1 AND m.conversation = c.conversation
     LEFT JOIN personal p ON p.user_id = $1 AND p.conversation = c.conversation`,
);
const PRESENT = statement<PlaceRow>(
  'standings_present',
  `SELECT m.conversation, ${PLACE_COLUMNS}
   FROM memberships m LEFT JOIN personal p USING (user_id, conversation)
   WHERE m.user_id = $1 AND m.left_seq IS NULL AND m.conversation > $2 ORDER BY m.conversation LIMIT $3`,
);
const MENTIONS = statement<{ conversation: ConversationId; count: string }>(
  'standings_mentions',
  `SELECT m.conversation, count(*)
   FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS w (conversation, after_seq, head)
     JOIN mentions m ON m.conversation = w.conversation AND m.seq > w.after_seq AND m.seq <= w.head
   WHERE m.user_id IN ($1, ${EVERYONE}) AND m.sender <> $1 AND m.sender <> ALL ($5::bigint[])
   GROUP BY m.conversation`,
);

export interface PersonalStandingsOptions {
  readonly database: Database;
  readonly counts: LogCounts;
}

export class PersonalStandings {
  readonly #database: Database;
  readonly #counts: LogCounts;

  constructor({ database, counts }: PersonalStandingsOptions) {
    this.#database = database;
    this.#counts = counts;
  }

  async some(
    user: UserId,
    conversations: readonly ConversationId[],
    ignoring: readonly UserId[],
  ): Promise<ReadonlyMap<ConversationId, Standing>> {
    const distinct = [...new Set(conversations)];
    const found = new Map<ConversationId, Standing>();
    for (let from = 0; from < distinct.length; from += CONVERSATIONS_MAX_COUNT) {
      const rows = await this.#database.read(SOME, [
        user,
        distinct.slice(from, from + CONVERSATIONS_MAX_COUNT),
      ]);
      for (const standing of await this.#standings(user, rows, ignoring))
        found.set(standing.conversation, standing);
    }
    return found;
  }

  /** The total takes all of the user's conversations, some hundred at a time: never a call for each. */
  async unread(
    user: UserId,
    {
      ignoring,
      after,
      limit,
    }: { ignoring: readonly UserId[]; after: ConversationId | undefined; limit: number },
  ): Promise<StandingPage> {
    const rows: Standing[] = [];
    const total = { unread: 0, mentions: 0 };
    let more = false;
    for await (const standing of this.#present(user, ignoring)) {
      if (standing.unread === 0 && standing.mentions === 0) continue;
      total.unread += standing.unread;
      total.mentions += standing.mentions;
      if (BigInt(standing.conversation) <= BigInt(after ?? BEFORE_THE_FIRST)) continue;
      if (rows.length < limit) rows.push(standing);
      else more = true;
    }
    return { rows, next: more ? rows.at(-1)?.conversation : undefined, total };
  }

  async *#present(user: UserId, ignoring: readonly UserId[]): AsyncGenerator<Standing> {
    let after: string = BEFORE_THE_FIRST;
    for (;;) {
      const rows = await this.#database.read(PRESENT, [user, after, CONVERSATIONS_MAX_COUNT]);
      yield* await this.#standings(user, rows, ignoring);
      const last = rows.at(-1);
      if (last === undefined || rows.length < CONVERSATIONS_MAX_COUNT) return;
      after = last.conversation;
    }
  }

  async #standings(
    user: UserId,
    rows: readonly PlaceRow[],
    ignoring: readonly UserId[],
  ): Promise<readonly Standing[]> {
    const marks = rows
      .filter(({ left_seq }) => left_seq === null)
      .map(({ conversation, after }) => ({ conversation, seq: Number(after) }));
    const counts = await this.#counts.othersAfter(user, marks);
    const unread = rows.filter(
      ({ member, conversation }) => member && (counts.get(conversation)?.others ?? 0) > 0,
    );
    const mentions = await this.#mentions(user, unread, { counts, ignoring });
    return rows.map((row): Standing => {
      const { conversation, member, left_seq, read, muted_until, archived, pinned } = row;
      const count = counts.get(conversation);
      return {
        conversation,
        read: Number(read),
        unread: member ? (count?.others ?? 0) : 0,
        mentions: mentions.get(conversation) ?? 0,
        asOf: left_seq === null ? (count?.head ?? 0) : Number(left_seq),
        mutedUntil: Number(muted_until),
        archived,
        pinned,
      };
    });
  }

  /** Up to the heads that the counts go up to: a mention beyond is of a message that is not counted yet. */
  async #mentions(
    user: UserId,
    rows: readonly PlaceRow[],
    about: { counts: ReadonlyMap<ConversationId, CountAfter>; ignoring: readonly UserId[] },
  ): Promise<ReadonlyMap<ConversationId, number>> {
    if (rows.length === 0) return new Map();
    const countOf = ({ conversation }: PlaceRow) => about.counts.get(conversation);
    const found = await this.#database.read(MENTIONS, [
      user,
      rows.map(({ conversation }) => conversation),
      rows.map((row) => Math.max(Number(row.after), countOf(row)?.floor ?? 0)),
      rows.map((row) => countOf(row)?.head ?? 0),
      about.ignoring,
    ]);
    return new Map(found.map(({ conversation, count }) => [conversation, Number(count)]));
  }
}
