// Where ids go on after a restart.
import { expect, test } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { append, conversationId, makeEntry, messageId } from '@parley/ports/conformance/fixture';
import { onServer, testWorlds } from './test-worlds.ts';

const LARGE = '9223372036854775806';

const ROWS: readonly string[] = [
  `users (id, name, created_at) VALUES (${LARGE}, 'ada', 0)`,
  `devices (id, user_id, key, name, created_at) VALUES (${LARGE}, 1, 'k', 'n', 0)`,
  `conversations (id, kind, created_by) VALUES (${LARGE}, 'group', 1)`,
  `reports (id, reporter, client_msg_id, conversation, at, reason, entries)
   VALUES (${LARGE}, 1, 'r', 1, 0, 'spam', '[]')`,
];

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);

  test('[INV 7] the greatest id is found in every table that keeps one, with all its digits', async () => {
    for (const row of ROWS) {
      const world = await open();
      expect(world.greatestId).toBeUndefined();
      await append(world.messages, conversationId(1), [makeEntry({ messageId: messageId(77) })]);
      await using again = await reopen(world);
      expect(again.greatestId).toBe('77');
      await onServer(url, `INSERT INTO ${world.options.schema}.${row}`);
      await using last = await reopen(again);
      expect(last.greatestId).toBe(LARGE);
    }
  });
});
