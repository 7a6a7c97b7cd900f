// Who is mentioned by which message, as the messages say now.
import type { ConversationId } from '@parley/protocol/ids';
import type { Mention } from '@parley/ports/personal-store';
import type { Database } from './database.ts';
import { EVERYONE } from './personal-standings.ts';
import { statement } from './statement.ts';

// Locks the conversation's row, so that what follows sees all that was set before.
const RAISE = statement<{ before: string }>(
  'mentions_raise',
  `INSERT INTO mentions_set AS s (conversation, as_of, before) VALUES ($1, $2, 0)
   ON CONFLICT (conversation) DO UPDATE SET as_of = greatest(s.as_of, excluded.as_of), before = s.as_of
   RETURNING before`,
);
// What stays is not taken away first: no row is both deleted and inserted.
const REPLACE = statement(
  'mentions_replace',
  `WITH now AS (
     SELECT * FROM unnest($3::bigint[], $4::bigint[], $5::bigint[]) AS n (user_id, seq, sender)
   ), gone AS (
     DELETE FROM mentions m WHERE m.conversation = $1 AND m.seq = ANY ($2::bigint[])
       AND NOT EXISTS (SELECT FROM now WHERE now.user_id = m.user_id AND now.seq = m.seq)
   )
   INSERT INTO mentions (user_id, conversation, seq, sender)
     SELECT DISTINCT user_id, $1::bigint, seq, sender FROM now ON CONFLICT DO NOTHING`,
);

export async function setMentions(
  database: Database,
  conversation: ConversationId,
  mentions: readonly Mention[],
): Promise<void> {
  if (mentions.length === 0) return;
  const asOf = Math.max(...mentions.map((mention) => mention.asOf));
  await database.transaction('read committed', async (transaction) => {
    const [row] = await transaction.run(RAISE, [conversation, asOf]);
    const before = Number(row?.before);
    // Of two about one message the later one stands.
    const news = new Map(mentions.flatMap((each) => (each.asOf > before ? [[each.seq, each]] : [])));
    if (news.size === 0) return;
    const rows = [...news.values()].flatMap(({ seq, sender, users, everyone }) =>
      // One row says all: else a user who is also named would be mentioned twice.
      (everyone ? [EVERYONE] : users).map((user) => ({ user, seq, sender })),
    );
    await transaction.run(REPLACE, [
      conversation,
      [...news.keys()],
      rows.map(({ user }) => user),
      rows.map(({ seq }) => seq),
      rows.map(({ sender }) => sender),
    ]);
  });
}
