// What is read and written about conversations and memberships.
import {
  CONVERSATION_COLUMNS,
  type ConversationRow,
  MEMBERSHIP_COLUMNS,
  type MembershipRow,
} from './member-row.ts';
import { statement } from './statement.ts';

/** $1 id, $2 created by, $3 first, $4 second. Brings a row where it was made. */
export const CREATE_DIRECT = statement<{ id: string }>(
  'member_create_direct',
  `WITH made AS (
     INSERT INTO conversations (id, kind, created_by, first_user, second_user, members_count)
     VALUES ($1, 'direct', $2, $3, $4, 2) ON CONFLICT DO NOTHING RETURNING id, first_user, second_user
   ), members AS (
     INSERT INTO memberships (user_id, conversation, role, joined_seq, visible_after, banned, changed_seq)
     SELECT unnest(ARRAY[first_user, second_user]), id, 'member', 0, 0, false, 0 FROM made
   )
   SELECT id FROM made`,
);

/** $1 id, $2 created by, $3 client_msg_id, $4 title, $5 title key, $6 history. Brings a row where it was made. */
export const CREATE_GROUP = statement<{ id: string }>(
  'member_create_group',
  `INSERT INTO conversations (id, kind, created_by, client_msg_id, title, title_key, history)
   VALUES ($1, 'group', $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id`,
);

export const APPLY = statement(
  'member_apply',
  `SELECT apply_changes($1::bigint, $2::bigint, $3::bigint, $4::bytea, $5::bytea, $6::bigint, $7::boolean,
     $8::boolean, $9::integer, $10::bigint[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[],
     $15::boolean[], $16::bigint[])::text`,
);

export const CONVERSATION = statement<ConversationRow>(
  'member_conversation',
  `SELECT ${CONVERSATION_COLUMNS} FROM conversations c WHERE c.id = $1`,
);

export const DIRECT = statement<ConversationRow>(
  'member_direct',
  `SELECT ${CONVERSATION_COLUMNS} FROM conversations c
   WHERE c.first_user = least($1::bigint, $2::bigint) AND c.second_user = greatest($1::bigint, $2::bigint)`,
);

export const GROUP = statement<ConversationRow>(
  'member_group',
  `SELECT ${CONVERSATION_COLUMNS} FROM conversations c WHERE c.created_by = $1 AND c.client_msg_id = $2`,
);

/** A row per member, present or past; one without a member where there is none. */
export const MEMBERS = statement<{ as_of: string } & (MembershipRow | { user_id: null })>(
  'member_members',
  `SELECT c.as_of, ${MEMBERSHIP_COLUMNS}
   FROM conversations c LEFT JOIN memberships m ON m.conversation = c.id WHERE c.id = $1 ORDER BY m.user_id`,
);

export const COUNT_MEMBERS = statement<{ count: number }>(
  'member_count_members',
  'SELECT members_count AS count FROM conversations WHERE id = $1',
);

export const MEMBERSHIP = statement<ConversationRow & MembershipRow>(
  'member_membership',
  `SELECT ${CONVERSATION_COLUMNS}, ${MEMBERSHIP_COLUMNS}
   FROM memberships m JOIN conversations c ON c.id = m.conversation WHERE m.conversation = $1 AND m.user_id = $2`,
);

export const CONVERSATIONS_OF = statement<ConversationRow & MembershipRow>(
  'member_conversations_of',
  `SELECT ${CONVERSATION_COLUMNS}, ${MEMBERSHIP_COLUMNS}
   FROM memberships m JOIN conversations c ON c.id = m.conversation
   WHERE m.user_id = $1 AND m.conversation > $2 ORDER BY m.conversation LIMIT $3`,
);

export const CHANNELS = statement<ConversationRow & { members: number }>(
  'member_channels',
  `SELECT ${CONVERSATION_COLUMNS}, c.members_count AS members
   FROM conversations c WHERE c.public AND c.id > $1 ORDER BY c.id LIMIT $2`,
);

/** By the index of the titles, and only then by id. No byte of UTF-8 is ff: it follows all that begins with the text. */
export const CHANNELS_TITLED = statement<ConversationRow & { members: number }>(
  'member_channels_titled',
  `WITH titled AS MATERIALIZED (
     SELECT id FROM conversations
     WHERE public AND title_key >= $1::bytea AND title_key < $1::bytea || '\\xff'::bytea AND id > $2
   )
   SELECT ${CONVERSATION_COLUMNS}, c.members_count AS members
   FROM conversations c WHERE c.id IN (SELECT id FROM titled ORDER BY id LIMIT $3) ORDER BY c.id`,
);

export const COUNT_CONVERSATIONS_OF = statement<{ count: string }>(
  'member_count_conversations_of',
  'SELECT count(*) AS count FROM memberships WHERE user_id = $1 AND left_seq IS NULL',
);
