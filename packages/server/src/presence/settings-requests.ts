// The requests about what a user lets others see, and whom the user keeps away.
import { fault } from '@parley/protocol/error-code';
import type { UserId } from '@parley/protocol/ids';
import { BLOCKED_USERS_MAX_COUNT, PAGE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { AccountStore } from '@parley/ports/account-store';
import type { ContactStore, Settings } from '@parley/ports/contact-store';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import { done, type Handlers } from '../request/request.ts';
import { named } from './names.ts';
import type { UserSettings } from './user-settings.ts';

const NO_USER = { fault: fault('not_found', 'There is no such user.', { field: 'user_id' }) } as const;
const ONESELF = {
  fault: fault('invalid_field', 'Nobody blocks himself or herself.', { field: 'user_id' }),
} as const;
const TOO_MANY = {
  fault: fault('limit_reached', `A user blocks at most ${BLOCKED_USERS_MAX_COUNT} users.`),
} as const;

export function settingsRequests(parts: {
  settings: UserSettings;
  contacts: ContactStore;
  accounts: AccountStore;
  sessions: LiveSessions;
}): Handlers<'set_settings' | 'get_settings' | 'block_user' | 'unblock_user' | 'list_blocked'> {
  const { settings, contacts, accounts, sessions } = parts;
  const tellBlock = (session: LiveSession, user_id: UserId, blocked: boolean) =>
    sessions.pushOthers(session, JSON.stringify({ type: 'user_blocked', user_id, blocked }));
  return {
    set_settings: async (session, { ref, read_receipts, visibility }) => {
      const after = await settings.set(session.user, {
        ...(read_receipts === undefined ? {} : { readReceipts: read_receipts }),
        ...(visibility === undefined ? {} : { visibility }),
      });
      sessions.pushOthers(session, JSON.stringify({ type: 'settings', ...fieldsOf(after) }));
      return { type: 'settings', ref, ...fieldsOf(after) };
    },
    get_settings: async ({ user }, { ref }) => {
      return { type: 'settings', ref, ...fieldsOf(await settings.one(user)) };
    },
    block_user: async (session, { ref, user_id }) => {
      if (user_id === session.user) return ONESELF;
      if ((await accounts.usersByIds([user_id])).length === 0) return NO_USER;
      if (!(await settings.block(session.user, user_id))) return TOO_MANY;
      tellBlock(session, user_id, true);
      return done(ref);
    },
    unblock_user: async (session, { ref, user_id }) => {
      await settings.unblock(session.user, user_id);
      tellBlock(session, user_id, false);
      return done(ref);
    },
    list_blocked: async ({ user }, { ref, after, limit = PAGE_ROWS_MAX_COUNT }) => {
      const found = await contacts.blocked(user, after, limit + 1);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const next = found.length > limit && last !== undefined ? { next: last } : {};
      return { type: 'blocked', ref, rows: await named(accounts, page), ...next };
    },
  };
}

function fieldsOf({ readReceipts, visibility }: Settings) {
  return { read_receipts: readReceipts, visibility };
}
