import { expect, test } from 'bun:test';
import { ServerFixture } from '../testing/server-fixture.ts';

test('[SEND-2] a message is numbered, stored, answered and pushed to both', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const conversation = await ada.direct(bob.userId);
  const result = await ada.text(conversation, 'hello');
  expect(result).toMatchObject({ client_msg_id: 'm-hello', seq: 1 });
  expect(ada.pushedTexts()).toEqual(['hello']);
  expect(bob.pushedTexts()).toEqual(['hello']);
  expect((await bob.pull(conversation, 0)).entries).toEqual(bob.last('entries').entries);
});
