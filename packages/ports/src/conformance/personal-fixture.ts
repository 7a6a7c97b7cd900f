// Conversations to read in, and standings in short, that the parts of the personal store's suite share.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { NewEntry } from '../message-store.ts';
import type { Standing } from '../personal-store.ts';
import { ALICE, append, BOB, conversationId, LARGEST_ID, makeEntry } from './fixture.ts';
import { change, directRecord, groupRecord, membership } from './member-fixture.ts';
import type { Opened } from './opened.ts';

export type PersonalWorld = Opened<'messages' | 'members' | 'personal'>;

export const C = conversationId(500);
export const D = conversationId(LARGEST_ID);
export const [ANN, BEN] = [ALICE, BOB];

/** A message per sender, in this order. Returns the head. */
export const says = (world: PersonalWorld, senders: readonly UserId[], id = C): Promise<number> =>
  append(
    world.messages,
    id,
    senders.map((sender) => makeEntry({ sender })),
  );

/** A change per kind: no message. */
export const changes = (world: PersonalWorld, kinds: readonly string[], id = C): Promise<number> =>
  append(
    world.messages,
    id,
    kinds.map((kind): NewEntry => makeEntry({ kind, sender: BEN })),
  );

export const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

export async function direct(world: PersonalWorld, id = C): Promise<void> {
  await world.members.createConversation(directRecord(id));
}

/** Begins with its creation, at seq 1, by which these users came in. */
export async function group(world: PersonalWorld, users: readonly UserId[], id = C): Promise<void> {
  await world.members.createConversation(groupRecord(id));
  await append(world.messages, id, [makeEntry({ kind: 'group_created', sender: BEN })]);
  const rows = users.map((user) => membership(user));
  await world.members.apply(id, [change(1, rows)]);
}

export async function standingOf(
  world: PersonalWorld,
  user: UserId,
  id = C,
  ignoring: readonly UserId[] = [],
): Promise<Standing> {
  const standing = (await world.personal.standings(user, [id], ignoring)).get(id);
  if (standing === undefined) throw new Error(`no standing in ${id}`);
  return standing;
}

/** [read, unread, asOf] */
export async function reading(world: PersonalWorld, user: UserId, id = C): Promise<number[]> {
  const { read, unread, asOf } = await standingOf(world, user, id);
  return [read, unread, asOf];
}

/** How a conversation is to a user of whom nothing was stored. */
export const standing = (id: ConversationId, fields: Partial<Standing> = {}): Standing => ({
  conversation: id,
  read: 0,
  unread: 0,
  mentions: 0,
  asOf: 0,
  mutedUntil: 0,
  archived: false,
  pinned: false,
  ...fields,
});
