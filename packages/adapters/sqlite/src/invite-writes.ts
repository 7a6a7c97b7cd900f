// Invitations, each call inside the transaction of a batch: nothing comes between a check and what follows from it.
import type { Database, Statement } from 'bun:sqlite';
import type { InviteRecord, UseOutcome } from '@parley/ports/invite-store';
import { INVITE_COLUMNS, inviteRecord } from './invite-row.ts';
import type { WriteCalls } from './write-calls.ts';

type InviteCall = 'createInvite' | 'revokeInvite' | 'useInvite' | 'giveInviteBack' | 'dropExpiredInvites';
type Binding = string | number | null;

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, Binding[]> => database.prepare<never, Binding[]>(sql);
  return {
    find: prepare(`SELECT ${INVITE_COLUMNS} FROM invites WHERE code = ?`),
    countOpen: prepare(
      `SELECT count(*) FROM invites
       WHERE conversation = ? AND expires_at > ? AND (uses_max IS NULL OR uses < uses_max)`,
    ),
    insert: prepare(
      `INSERT INTO invites (code, conversation, created_by, created_at, expires_at, uses_max)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    remove: prepare('DELETE FROM invites WHERE code = ? AND conversation = ?'),
    removeUses: prepare('DELETE FROM invite_uses WHERE code = ?'),
    used: prepare('SELECT 1 FROM invite_uses WHERE code = ? AND user = ?'),
    insertUse: prepare('INSERT INTO invite_uses (code, user) VALUES (?, ?)'),
    removeUse: prepare('DELETE FROM invite_uses WHERE code = ? AND user = ?'),
    count: prepare('UPDATE invites SET uses = uses + ? WHERE code = ?'),
    dropExpiredUses: prepare(
      'DELETE FROM invite_uses WHERE code IN (SELECT code FROM invites WHERE expires_at < ?)',
    ),
    dropExpired: prepare('DELETE FROM invites WHERE expires_at < ?'),
  };
}

export class InviteWrites implements Pick<WriteCalls, InviteCall> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  createInvite(invite: InviteRecord, max: number): boolean {
    const { code, conversation, createdBy, createdAt, expiresAt, usesMax } = invite;
    if (this.#find(code) !== undefined) return true;
    const open = Number(this.#statements.countOpen.values(conversation, createdAt)[0]?.[0] ?? 0);
    if (open >= max) return false;
    this.#statements.insert.run(code, conversation, createdBy, createdAt, expiresAt, usesMax ?? null);
    return true;
  }

  revokeInvite(conversation: string, code: string): boolean {
    if (this.#statements.remove.run(code, conversation).changes === 0) return false;
    this.#statements.removeUses.run(code);
    return true;
  }

  useInvite(code: string, user: string, now: number): UseOutcome {
    const invite = this.#find(code);
    if (invite === undefined || invite.expiresAt <= now) return { kind: 'invalid' };
    const { conversation, uses, usesMax } = invite;
    if (this.#statements.used.values(code, user).length > 0) return { kind: 'used', conversation };
    if (usesMax !== undefined && uses >= usesMax) return { kind: 'invalid' };
    this.#statements.insertUse.run(code, user);
    this.#statements.count.run(1, code);
    return { kind: 'used', conversation };
  }

  giveInviteBack(code: string, user: string): void {
    const { changes } = this.#statements.removeUse.run(code, user);
    if (changes > 0) this.#statements.count.run(-changes, code);
  }

  dropExpiredInvites(before: number): void {
    this.#statements.dropExpiredUses.run(before);
    this.#statements.dropExpired.run(before);
  }

  #find(code: string): InviteRecord | undefined {
    const [row] = this.#statements.find.values(code);
    return row === undefined ? undefined : inviteRecord(row);
  }
}
