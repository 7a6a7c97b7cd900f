// The second migration: conversations, who is in them, and how far each device has got.
import { APPLY_FUNCTION } from './apply-function.ts';

// - `title_seq`, `settings_seq` and `changed_seq` order the changes of a title, of the settings and of a membership;
//   `as_of` is Members.asOf.
// - The direct members' order and a group's first request make each conversation one of its kind.
// - The three settings are null until they are first changed.
// - `title_key` is the title as `titleKey` makes it: one index finds public groups by how it begins, another one all of
//   them in order of id.
// - `members_count` is how many are members now: groups are listed by the hundred, each may have ten thousand.
export const MEMBERS: readonly string[] = [
  `CREATE TABLE conversations (
     id bigint PRIMARY KEY,
     kind text NOT NULL,
     created_by bigint NOT NULL,
     first_user bigint,
     second_user bigint,
     client_msg_id text COLLATE "C",
     title bytea,
     title_key bytea,
     history text,
     public boolean,
     announcements boolean,
     slow_mode_s integer,
     title_seq bigint NOT NULL DEFAULT 0,
     settings_seq bigint NOT NULL DEFAULT 0,
     as_of bigint NOT NULL DEFAULT 0,
     members_count integer NOT NULL DEFAULT 0
   )`,
  `CREATE UNIQUE INDEX conversations_direct ON conversations (first_user, second_user)
     WHERE first_user IS NOT NULL`,
  `CREATE UNIQUE INDEX conversations_group ON conversations (created_by, client_msg_id)
     WHERE client_msg_id IS NOT NULL`,
  'CREATE INDEX conversations_title ON conversations (title_key) WHERE public',
  'CREATE INDEX conversations_public ON conversations (id) WHERE public',

  `CREATE TABLE memberships (
     user_id bigint NOT NULL,
     conversation bigint NOT NULL,
     role text NOT NULL,
     joined_seq bigint NOT NULL,
     visible_after bigint NOT NULL,
     left_seq bigint,
     banned boolean NOT NULL,
     changed_seq bigint NOT NULL,
     PRIMARY KEY (user_id, conversation)
   )`,
  'CREATE INDEX memberships_conversation ON memberships (conversation, user_id)',

  `CREATE TABLE marks (
     user_id bigint NOT NULL,
     device bigint NOT NULL,
     conversation bigint NOT NULL,
     seq bigint NOT NULL,
     PRIMARY KEY (user_id, device, conversation)
   ) WITH (fillfactor = 80)`,

  APPLY_FUNCTION,
];
