// Personal store: mentions count while they are unread, and as the message says now.
import { expect, test } from 'bun:test';
import type { UserId } from '@parley/protocol/ids';
import type { Mention } from '../personal-store.ts';
import { CAROL } from './fixture.ts';
import { change, membership } from './member-fixture.ts';
import type { Open } from './opened.ts';
import { ANN, BEN, C, D, group, type PersonalWorld, says, standingOf, times } from './personal-fixture.ts';

let said = 100;

/** As an entry says that comes after all others. */
const mention = (seq: number, users: readonly UserId[], fields: Partial<Mention> = {}): Mention => ({
  seq,
  sender: BEN,
  users,
  everyone: false,
  asOf: (said += 1),
  ...fields,
});

const mentionsOf = async (world: PersonalWorld, user: UserId, ignoring: readonly UserId[] = []) =>
  (await standingOf(world, user, C, ignoring)).mentions;

export function mentionRules(open: Open<PersonalWorld>): void {
  test('[PERSONAL-12] mentions counts the unread messages that mention the user or everyone, each once', async () => {
    await using world = await open();
    await group(world, [ANN, BEN, CAROL]);
    await says(world, times(6, BEN));
    await world.personal.setMentions(C, [
      mention(3, [ANN]),
      mention(5, [ANN, CAROL]),
      mention(7, [], { everyone: true }),
    ]);
    expect([await mentionsOf(world, ANN), await mentionsOf(world, CAROL)]).toEqual([3, 2]);
    await world.personal.setMentions(C, [mention(7, [ANN], { everyone: true })]);
    expect(await mentionsOf(world, ANN)).toBe(3);
    await world.personal.read(ANN, C, 3);
    expect(await mentionsOf(world, ANN)).toBe(2);
    await world.personal.read(ANN, C, 7);
    expect(await mentionsOf(world, ANN)).toBe(0);
    await world.personal.unread(ANN, C, 4);
    expect(await mentionsOf(world, ANN)).toBe(2);
  });

  test('[PERSONAL-13] setMentions says what a message mentions now: idempotent, and nobody takes the row away', async () => {
    await using world = await open();
    await group(world, [ANN, BEN, CAROL]);
    await says(world, times(3, BEN));
    const first = [mention(2, [ANN]), mention(3, [], { everyone: true })];
    for (const again of [1, 2]) {
      await world.personal.setMentions(C, first);
      expect([again, await mentionsOf(world, ANN)]).toEqual([again, 2]);
    }
    await world.personal.setMentions(C, [mention(2, [CAROL]), mention(3, [])]);
    expect([await mentionsOf(world, ANN), await mentionsOf(world, CAROL)]).toEqual([0, 1]);
    await world.personal.setMentions(D, [mention(2, [CAROL])]);
    await world.personal.setMentions(C, [mention(2, [])]);
    await world.personal.setMentions(C, []);
    expect(await mentionsOf(world, CAROL)).toBe(0);
  });

  test('[PERSONAL-23] setMentions is redone without effect: what was set as of an entry or a later one stays', async () => {
    await using world = await open();
    await group(world, [ANN, BEN, CAROL]);
    await says(world, times(4, BEN));
    await world.personal.setMentions(C, [mention(2, [ANN], { asOf: 2 }), mention(3, [ANN], { asOf: 3 })]);
    await world.personal.setMentions(C, [mention(2, [], { asOf: 5 })]);
    expect(await mentionsOf(world, ANN)).toBe(1);
    const redone = [
      mention(2, [ANN], { asOf: 2 }),
      mention(3, [CAROL], { asOf: 3 }),
      mention(2, [ANN], { asOf: 5 }),
    ];
    for (const each of redone) await world.personal.setMentions(C, [each]);
    await world.personal.setMentions(C, redone);
    expect([await mentionsOf(world, ANN), await mentionsOf(world, CAROL)]).toEqual([1, 0]);
    await world.personal.setMentions(C, [...redone, mention(4, [ANN, CAROL], { asOf: 6 })]);
    expect([await mentionsOf(world, ANN), await mentionsOf(world, CAROL)]).toEqual([2, 1]);
  });

  test('[PERSONAL-14] mentions by the user and by those who are ignored do not count', async () => {
    await using world = await open();
    await group(world, [ANN, BEN, CAROL]);
    await says(world, [BEN, ANN, CAROL]);
    await world.personal.setMentions(C, [
      mention(2, [ANN, CAROL]),
      mention(3, [ANN, BEN], { sender: ANN, everyone: true }),
      mention(4, [ANN], { sender: CAROL }),
    ]);
    expect(await mentionsOf(world, ANN)).toBe(2);
    expect(await mentionsOf(world, ANN, [BEN])).toBe(1);
    expect(await mentionsOf(world, ANN, [CAROL, BEN])).toBe(0);
    expect(await mentionsOf(world, CAROL)).toBe(2);
    expect(await mentionsOf(world, CAROL, [ANN])).toBe(1);
    const page = await world.personal.unreadOf(ANN, { ignoring: [BEN], after: undefined, limit: 5 });
    expect(page.total).toEqual({ unread: 2, mentions: 1 });
    expect(page.rows).toEqual([await standingOf(world, ANN, C, [BEN])]);
  });

  test('[PERSONAL-15] mentions count in what the user may see, and not where retention dropped the message', async () => {
    await using world = await open();
    await group(world, [ANN, BEN]);
    await says(world, times(7, BEN));
    await world.personal.setMentions(
      C,
      [2, 3, 4, 5, 6, 7, 8].map((seq) => mention(seq, [ANN])),
    );
    await world.messages.drop(C, 3);
    expect(await mentionsOf(world, ANN)).toBe(5);
    await world.personal.forget(C, 4);
    expect(await mentionsOf(world, ANN)).toBe(4);
    await world.members.apply(C, [change(6, [membership(ANN, { joinedSeq: 1, visibleAfter: 5 })])]);
    expect(await mentionsOf(world, ANN)).toBe(3);
    await world.members.apply(C, [change(7, [membership(ANN, { leftSeq: 7 })])]);
    expect(await mentionsOf(world, ANN)).toBe(0);
  });
}
