// Users with their names, as lists of them are answered.
import type { UserId } from '@parley/protocol/ids';
import type { AccountStore } from '@parley/ports/account-store';

/** In the order of the users. */
export async function named(
  accounts: AccountStore,
  users: readonly UserId[],
): Promise<{ user_id: UserId; name: string }[]> {
  const found = users.length === 0 ? [] : await accounts.usersByIds(users);
  const names = new Map(found.map(({ id, name }) => [id, name]));
  return users.map((user) => ({ user_id: user, name: names.get(user) ?? '' }));
}
