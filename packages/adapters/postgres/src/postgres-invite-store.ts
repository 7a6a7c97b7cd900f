// Invitations on PostgreSQL. What changes how often one was used locks its row first, so that its uses are counted in turn.
import type { InviteRecord, InviteStore, UseOutcome } from '@parley/ports/invite-store';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Database } from './database.ts';
import { statement } from './statement.ts';
import { writeAlone } from './write-alone.ts';

interface InviteRow {
  readonly code: string;
  readonly conversation: ConversationId;
  readonly created_by: UserId;
  readonly created_at: string;
  readonly expires_at: string;
  readonly uses_max: string | null;
  readonly uses: string;
}

const COLUMNS = 'code, conversation, created_by, created_at, expires_at, uses_max, uses';
const OPEN_ONES = '(uses_max IS NULL OR uses < uses_max)';

const CREATE = statement<{ there: boolean }>(
  'invite_create',
  `WITH there AS (SELECT FROM invites WHERE code = $1), added AS (
     INSERT INTO invites (code, conversation, created_by, created_at, expires_at, uses_max)
     SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT FROM there)
       AND (SELECT count(*) FROM invites WHERE conversation = $2 AND expires_at > $4 AND ${OPEN_ONES}) < $7
     RETURNING code
   )
   SELECT EXISTS (SELECT FROM there) OR EXISTS (SELECT FROM added) AS there`,
);
const FIND = statement<InviteRow>('invite', `SELECT ${COLUMNS} FROM invites WHERE code = $1`);
const OPEN = statement<InviteRow>(
  'invites_open',
  `SELECT ${COLUMNS} FROM invites WHERE conversation = $1 AND expires_at > $2 AND ${OPEN_ONES}
   ORDER BY created_at DESC, code`,
);
const REVOKE = statement<{ code: string }>(
  'invite_revoke',
  'DELETE FROM invites WHERE code = $1 AND conversation = $2 RETURNING code',
);
const LOCK = statement<{ conversation: ConversationId; live: boolean }>(
  'invite_lock',
  'SELECT conversation, expires_at > $2 AS live FROM invites WHERE code = $1 FOR UPDATE',
);
const USE = statement<{ used: boolean }>(
  'invite_use',
  `WITH added AS (
     INSERT INTO invite_uses (code, user_id) SELECT code, $2 FROM invites WHERE code = $1 AND ${OPEN_ONES}
     ON CONFLICT DO NOTHING RETURNING code
   ), counted AS (UPDATE invites SET uses = uses + 1 WHERE code IN (SELECT code FROM added))
   SELECT EXISTS (SELECT FROM added)
     OR EXISTS (SELECT FROM invite_uses WHERE code = $1 AND user_id = $2) AS used`,
);
const GIVE_BACK = statement(
  'invite_give_back',
  `WITH removed AS (DELETE FROM invite_uses WHERE code = $1 AND user_id = $2 RETURNING code)
   UPDATE invites SET uses = uses - 1 WHERE code IN (SELECT code FROM removed)`,
);
const DROP_EXPIRED = statement('invites_drop_expired', 'DELETE FROM invites WHERE expires_at < $1');

const INVALID: UseOutcome = { kind: 'invalid' };

export class PostgresInviteStore implements InviteStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(invite: InviteRecord, max: number): Promise<boolean> {
    const { code, conversation, createdBy, createdAt, expiresAt, usesMax } = invite;
    const values = [code, conversation, createdBy, createdAt, expiresAt, usesMax ?? null, max];
    const [made] = await writeAlone(this.#database, `invites ${conversation}`, CREATE, values);
    return made?.there === true;
  }

  async invite(code: string): Promise<InviteRecord | undefined> {
    const [row] = await this.#database.read(FIND, [code]);
    return row === undefined ? undefined : recordOf(row);
  }

  async open(conversation: ConversationId, now: number): Promise<readonly InviteRecord[]> {
    return (await this.#database.read(OPEN, [conversation, now])).map(recordOf);
  }

  async revoke(conversation: ConversationId, code: string): Promise<boolean> {
    return (await this.#database.write(REVOKE, [code, conversation])).length > 0;
  }

  use(code: string, user: UserId, now: number): Promise<UseOutcome> {
    return this.#database.transaction('read committed', async (transaction) => {
      const [invite] = await transaction.run(LOCK, [code, now]);
      if (invite?.live !== true) return INVALID;
      const [outcome] = await transaction.run(USE, [code, user]);
      return outcome?.used === true ? { kind: 'used', conversation: invite.conversation } : INVALID;
    });
  }

  async giveBack(code: string, user: UserId): Promise<void> {
    await this.#database.transaction('read committed', async (transaction) => {
      await transaction.run(LOCK, [code, 0]);
      await transaction.run(GIVE_BACK, [code, user]);
    });
  }

  async dropExpired(before: number): Promise<void> {
    await this.#database.write(DROP_EXPIRED, [before]);
  }

  /** Nothing by itself: the stores share one database, which whoever opened it closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

function recordOf(row: InviteRow): InviteRecord {
  return {
    code: row.code,
    conversation: row.conversation,
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    usesMax: row.uses_max === null ? undefined : Number(row.uses_max),
    uses: Number(row.uses),
  };
}
