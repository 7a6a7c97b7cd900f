// Blocks where they are enforced: the owner of the direct conversation of the two knows them while it is in memory.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { ConversationRecord, MemberStore } from '@parley/ports/member-store';
import type { Owners } from '../message/owners.ts';
import type { UserSettings } from './user-settings.ts';

/** One for nearly all conversations. */
const NOBODY: readonly UserId[] = [];

/** Who may not write in a conversation that is brought into memory. */
export function blockedSenders(settings: UserSettings) {
  return async (record: ConversationRecord): Promise<readonly UserId[]> => {
    if (record.kind !== 'direct') return [];
    const { first, second } = record;
    const [blockFirst, blockSecond] = await Promise.all([
      settings.blockersAmong(first, [second]),
      settings.blockersAmong(second, [first]),
    ]);
    if (blockFirst.size + blockSecond.size === 0) return NOBODY;
    return [...(blockFirst.size > 0 ? [first] : []), ...(blockSecond.size > 0 ? [second] : [])];
  };
}

/** From the answer on: the owner is told before it is given. */
export function enforceBlocks(parts: {
  settings: UserSettings;
  members: MemberStore;
  owners: Owners;
  /** Tells whichever other node may own the conversation. Never rejects. */
  elsewhere?: ((conversation: ConversationId, sender: UserId, blocked: boolean) => Promise<void>) | undefined;
}): void {
  const { settings, members, owners, elsewhere } = parts;
  settings.listen({
    blockChanged: async (user, other, blocked) => {
      const record = await members.direct(user, other);
      if (record === undefined) return;
      owners.blockChanged(record.id, other, blocked);
      if (elsewhere !== undefined) await elsewhere(record.id, other, blocked);
    },
  });
}
