// Standings where the log is elsewhere, and may have gone on meanwhile: what is asked of it, and what its answer bounds.
import { expect, test } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { ALICE, BOB, conversationId } from '@parley/ports/conformance/fixture';
import { directRecord } from '@parley/ports/conformance/member-fixture';
import type { LogCounts } from '@parley/ports/log-counts';
import { openPostgres } from './open-postgres.ts';
import { onServer, testWorlds } from './test-worlds.ts';

const C = conversationId(500);

/** A log of so many messages of others in each conversation. Counts the calls and the marks of the longest one. */
function logOf(head: number) {
  const asked = { calls: 0, marksMax: 0 };
  const counts: LogCounts = {
    othersAfter: async (_user, marks) => {
      asked.calls += 1;
      asked.marksMax = Math.max(asked.marksMax, marks.length);
      return new Map(
        marks.map(({ conversation, seq }) => [
          conversation,
          { head, floor: 0, others: Math.max(0, head - seq) },
        ]),
      );
    },
  };
  return { asked, counts };
}

describeWithEngine('postgres', (url) => {
  const { open } = testWorlds(url);

  test('mentions count up to the head that unread counts to, not beyond', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(C));
    await using store = await openPostgres({ ...world.options, counts: logOf(4).counts });
    await store.personal.setMentions(
      C,
      [2, 4, 5].map((seq) => ({ seq, sender: BOB, users: [ALICE], everyone: false, asOf: seq })),
    );
    const standing = (await store.personal.standings(ALICE, [C], [])).get(C);
    expect(standing).toMatchObject({ unread: 4, mentions: 2, asOf: 4 });
  });

  test('the unread of 1,200 conversations take three calls of at most 500 marks, and the total is over all', async () => {
    await using world = await open();
    await onServer(
      url,
      `INSERT INTO ${world.options.schema}.memberships
         (user_id, conversation, role, joined_seq, visible_after, banned, changed_seq)
       SELECT ${ALICE}, id, 'member', 0, 0, false, 0 FROM generate_series(1, 1200) AS id`,
    );
    const { asked, counts } = logOf(3);
    await using store = await openPostgres({ ...world.options, counts });
    await store.personal.read(ALICE, conversationId(1_100), 3);
    asked.calls = 0;
    const after = conversationId(1_098);
    const page = await store.personal.unreadOf(ALICE, { ignoring: [], after, limit: 2 });
    expect(page.rows.map(({ conversation }) => conversation)).toEqual(['1099', '1101'].map(conversationId));
    expect([page.next, page.total]).toEqual([conversationId(1_101), { unread: 1_199 * 3, mentions: 0 }]);
    expect(asked).toEqual({ calls: 3, marksMax: 500 });
  });
});
