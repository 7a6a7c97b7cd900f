// What users keep about conversations, each inside the transaction of a batch.
import type { Database, Statement } from 'bun:sqlite';
import type { Flags, Mention } from '@parley/ports/personal-store';
import type { WriteCalls } from './write-calls.ts';

type Binding = string | number | null;
type PersonalCall =
  | 'beginReading'
  | 'read'
  | 'unread'
  | 'setFlags'
  | 'setMentions'
  | 'dropPersonal'
  | 'hide'
  | 'follow';

/** The user of a row that mentions every member. */
export const EVERYONE = '0';

function prepareStatements(database: Database) {
  const prepare = <Row>(sql: string): Statement<Row, Binding[]> => database.prepare<Row, Binding[]>(sql);
  return {
    head: prepare<{ head: number }>('SELECT head FROM logs WHERE id = ?'),
    // Before anything was read, what came before the user joined is not unread.
    readSeq: prepare<{ seq: number }>(
      `SELECT coalesce((SELECT read_seq FROM personal WHERE user = ?1 AND conversation = ?2),
         (SELECT joined_seq FROM memberships WHERE user = ?1 AND conversation = ?2), 0) AS seq`,
    ),
    setRead: prepare<never>(
      `INSERT INTO personal (user, conversation, read_seq) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET read_seq = excluded.read_seq`,
    ),
    raiseRead: prepare<never>(
      `INSERT INTO personal (user, conversation, read_seq, begun) VALUES (?1, ?2, ?3, ?3)
       ON CONFLICT DO UPDATE SET begun = ?3, read_seq = max(coalesce(read_seq, 0), ?3)
         WHERE begun < ?3`,
    ),
    setFlags: prepare<never>(
      `INSERT INTO personal (user, conversation, muted_until, archived, pinned)
       VALUES (?1, ?2, coalesce(?3, 0), coalesce(?4, 0), coalesce(?5, 0))
       ON CONFLICT DO UPDATE SET muted_until = coalesce(?3, muted_until), archived = coalesce(?4, archived),
         pinned = coalesce(?5, pinned)`,
    ),
    mentionsAsOf: prepare<{ asOf: number }>('SELECT as_of AS asOf FROM mentions_set WHERE conversation = ?'),
    setMentionsAsOf: prepare<never>(
      'INSERT INTO mentions_set (conversation, as_of) VALUES (?, ?) ON CONFLICT DO UPDATE SET as_of = excluded.as_of',
    ),
    clearMentions: prepare<never>('DELETE FROM mentions WHERE conversation = ? AND seq = ?'),
    addMention: prepare<never>(
      'INSERT INTO mentions (user, conversation, seq, sender) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    dropMentions: prepare<never>('DELETE FROM mentions WHERE conversation = ? AND seq <= ?'),
    dropFollowers: prepare<never>('DELETE FROM followers WHERE conversation = ? AND thread <= ?'),
    // The last number of a user stays, or it would be given again.
    dropHidden: prepare<never>(
      `DELETE FROM hidden WHERE conversation = ? AND seq <= ?
         AND number < (SELECT max(number) FROM hidden AS all_of WHERE all_of.user = hidden.user)`,
    ),
    hiddenNumber: prepare<{ number: number }>(
      'SELECT number FROM hidden WHERE user = ? AND conversation = ? AND seq = ?',
    ),
    hide: prepare<{ number: number }>(
      `INSERT INTO hidden (user, number, conversation, seq)
       SELECT ?1, coalesce((SELECT number FROM hidden WHERE user = ?1 ORDER BY number DESC LIMIT 1), 0) + 1, ?2, ?3
       RETURNING number`,
    ),
    follow: prepare<never>(
      `INSERT INTO followers (conversation, thread, user, follows) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET follows = excluded.follows`,
    ),
    followByWriting: prepare<never>(
      'INSERT INTO followers (conversation, thread, user, follows) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
  };
}

export class PersonalWrites implements Pick<WriteCalls, PersonalCall> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  beginReading(conversation: string, users: readonly string[], seq: number): void {
    for (const user of users) this.#statements.raiseRead.run(user, conversation, seq);
  }

  read(user: string, conversation: string, seq: number): void {
    const to = Math.min(seq, this.#statements.head.get(conversation)?.head ?? 0);
    if (to > this.#readSeq(user, conversation)) this.#statements.setRead.run(user, conversation, to);
  }

  unread(user: string, conversation: string, seq: number): void {
    const to = Math.max(0, seq - 1);
    if (to < this.#readSeq(user, conversation)) this.#statements.setRead.run(user, conversation, to);
  }

  setFlags(user: string, conversation: string, { mutedUntil, archived, pinned }: Flags): void {
    const stored = (flag: boolean | undefined) => (flag === undefined ? null : Number(flag));
    this.#statements.setFlags.run(user, conversation, mutedUntil ?? null, stored(archived), stored(pinned));
  }

  setMentions(conversation: string, mentions: readonly Mention[]): void {
    const before = this.#statements.mentionsAsOf.get(conversation)?.asOf ?? 0;
    const news = mentions.filter(({ asOf }) => asOf > before);
    if (news.length === 0) return;
    this.#statements.setMentionsAsOf.run(conversation, Math.max(...news.map(({ asOf }) => asOf)));
    for (const { seq, sender, users, everyone } of news) {
      this.#statements.clearMentions.run(conversation, seq);
      // One row says all: else a user who is also named would be mentioned twice.
      for (const user of everyone ? [EVERYONE] : users)
        this.#statements.addMention.run(user, conversation, seq, sender);
    }
  }

  dropPersonal(conversation: string, through: number): void {
    this.#statements.dropMentions.run(conversation, through);
    this.#statements.dropFollowers.run(conversation, through);
    this.#statements.dropHidden.run(conversation, through);
  }

  hide(user: string, conversation: string, seq: number): number {
    const { hiddenNumber, hide } = this.#statements;
    const row = hiddenNumber.get(user, conversation, seq) ?? hide.get(user, conversation, seq);
    if (row === null) throw new Error('a hidden message got no number');
    return row.number;
  }

  follow(
    conversation: string,
    thread: number,
    rows: readonly { readonly user: string; readonly follow: boolean; readonly by: 'user' | 'writing' }[],
  ): void {
    for (const { user, follow, by } of rows) {
      const statement = by === 'user' ? this.#statements.follow : this.#statements.followByWriting;
      statement.run(conversation, thread, user, Number(follow));
    }
  }

  #readSeq(user: string, conversation: string): number {
    return this.#statements.readSeq.get(user, conversation)?.seq ?? 0;
  }
}
