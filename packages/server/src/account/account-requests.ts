// The requests about users and their devices.
import { fault } from '@parley/protocol/error-code';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { USERS_PER_FRAME_MAX_COUNT } from '@parley/protocol/limits';
import type { LiveSessions } from '../connection/live-sessions.ts';
import { done, type Handlers } from '../request/request.ts';
import type { AccountService } from './account-service.ts';

const NO_DEVICE = { fault: fault('not_found', 'You have no such device.', { field: 'device_id' }) } as const;

export function accountRequests(parts: {
  accounts: AccountService;
  sessions: LiveSessions;
  /** The user's devices with sessions on other nodes, where there are any. Never rejects. */
  connectedElsewhere?: ((user: UserId) => Promise<ReadonlySet<DeviceId>>) | undefined;
}): Handlers<'find_users' | 'list_devices' | 'revoke_device'> {
  const { accounts, sessions, connectedElsewhere } = parts;
  return {
    find_users: async (_session, { ref, names = [], ids = [] }) => {
      if (names.length + ids.length > USERS_PER_FRAME_MAX_COUNT) {
        return { fault: fault('limit_reached', `At most ${USERS_PER_FRAME_MAX_COUNT} users at once.`) };
      }
      const users = await accounts.findUsers(names, ids);
      return { type: 'users', ref, users: users.map(({ id, name }) => ({ user_id: id, name })) };
    },
    list_devices: async ({ user, device }, { ref }) => {
      const elsewhere = await connectedElsewhere?.(user);
      const rows = (await accounts.deviceList(user)).map(({ id, name, createdAt }) => ({
        device_id: id,
        name,
        created_at: createdAt,
        connected: sessions.has(user, id) || elsewhere?.has(id) === true,
        ...(id === device ? { current: true as const } : {}),
      }));
      return { type: 'devices', ref, rows };
    },
    revoke_device: async (session, { ref, device_id }) => {
      const { user, device } = session;
      const answer = done(ref);
      // A session that ends itself is closed before its answer could go out: it is given what closing writes first.
      const removed = () => device === device_id && session.push(JSON.stringify(answer));
      const found = await accounts.revokeDevice({ user, device: device_id, by: device }, removed);
      return found ? answer : NO_DEVICE;
    },
  };
}
