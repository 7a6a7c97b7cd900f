// The requests about who is there.
import { fault } from '@parley/protocol/error-code';
import type { UserId } from '@parley/protocol/ids';
import type { AccountStore } from '@parley/ports/account-store';
import type { LiveSessions } from '../connection/live-sessions.ts';
import { done, type Handlers } from '../request/request.ts';
import { named } from './names.ts';
import type { PresenceService } from './presence-service.ts';

export function presenceRequests(parts: {
  presence: PresenceService;
  accounts: AccountStore;
  sessions: LiveSessions;
}): Handlers<'watch' | 'unwatch' | 'get_presence' | 'set_presence' | 'list_contacts'> {
  const { presence, accounts, sessions } = parts;
  return {
    watch: async (session, { ref, user_ids }) => {
      const users = [...new Set(user_ids)];
      const unknown = await firstUnknown(accounts, users);
      if (unknown !== undefined) {
        const field = `user_ids.${user_ids.indexOf(unknown)}`;
        return { fault: fault('not_found', 'There is no such user.', { field }) };
      }
      const refused = await presence.watch(session.user, users);
      if (refused !== undefined) return { fault: refused };
      const rows = await presence.rows(session.user, users);
      sessions.pushOthers(session, JSON.stringify({ type: 'presence', rows }));
      return { type: 'presence', ref, rows };
    },
    unwatch: async ({ user }, { ref, user_ids }) => {
      await presence.unwatch(user, user_ids);
      return done(ref);
    },
    get_presence: async ({ user }, { ref, user_ids }) => {
      return { type: 'presence', ref, rows: await presence.rows(user, user_ids) };
    },
    set_presence: (session, { ref, state }) => {
      presence.setAway(session, state === 'away');
      return done(ref);
    },
    list_contacts: async ({ user }, { ref, after, limit }) => {
      const { users, next } = await presence.contacts(user, after, limit);
      const rows = await named(accounts, users);
      return { type: 'contacts', ref, rows, ...(next === undefined ? {} : { next }) };
    },
  };
}

async function firstUnknown(accounts: AccountStore, users: readonly UserId[]): Promise<UserId | undefined> {
  const known = new Set((await accounts.usersByIds(users)).map(({ id }) => id));
  return users.find((user) => !known.has(user));
}
