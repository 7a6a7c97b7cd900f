// Reads of invitations, each inside the reader's transaction.
import type { Database, Statement } from 'bun:sqlite';
import type { InviteRecord } from '@parley/ports/invite-store';
import { INVITE_COLUMNS, inviteRecord } from './invite-row.ts';
import type { ReadCalls } from './read-calls.ts';

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, (string | number)[]> => database.prepare(sql);
  return {
    invite: prepare(`SELECT ${INVITE_COLUMNS} FROM invites WHERE code = ?`),
    open: prepare(
      `SELECT ${INVITE_COLUMNS} FROM invites
       WHERE conversation = ? AND expires_at > ? AND (uses_max IS NULL OR uses < uses_max)
       ORDER BY created_at DESC, code`,
    ),
  };
}

export class InviteReads implements Pick<ReadCalls, 'invite' | 'openInvites'> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  invite(code: string): InviteRecord | undefined {
    const [row] = this.#statements.invite.values(code);
    return row === undefined ? undefined : inviteRecord(row);
  }

  openInvites(conversation: string, now: number): readonly InviteRecord[] {
    return this.#statements.open.values(conversation, now).map(inviteRecord);
  }
}
