// Which groups are large: the owner of one writes no inbox rows for a send, so that its members' looks read its head.
import type { Clock } from '@parley/ports/clock';
import type { ConversationRecord, MemberStore } from '@parley/ports/member-store';
import type { ConversationId } from '@parley/protocol/ids';
import { BoundedMap } from './bounded-map.ts';

/** A group that grew large is looked at as a small one for so long: a delay of one look, and no loss. */
const SIZE_MAX_AGE_MS = 30_000;
const REMEMBERED_SIZES_MAX_COUNT = 100_000;

export interface LargeGroupsOptions {
  readonly members: MemberStore;
  readonly clock: Clock;
  /** As the owners have it: groups with so many members or more are large. */
  readonly largeGroupMembers: number;
}

export class LargeGroups {
  readonly #options: LargeGroupsOptions;
  readonly #sizes = new BoundedMap<ConversationId, { readonly members: number; readonly asOfMs: number }>(
    REMEMBERED_SIZES_MAX_COUNT,
  );

  constructor(options: LargeGroupsOptions) {
    this.#options = options;
  }

  async isLarge({ id, kind }: ConversationRecord): Promise<boolean> {
    if (kind !== 'group') return false;
    const { members, clock, largeGroupMembers } = this.#options;
    const now = clock.monotonic();
    const known = this.#sizes.get(id);
    if (known !== undefined && now - known.asOfMs < SIZE_MAX_AGE_MS)
      return known.members >= largeGroupMembers;
    const count = await members.countMembers(id);
    this.#sizes.set(id, { members: count, asOfMs: now });
    return count >= largeGroupMembers;
  }
}
