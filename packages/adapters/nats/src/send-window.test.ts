// What the server has not confirmed is bounded.
import { expect, test } from 'bun:test';
import { CONFIRMED_EACH_BYTES } from './limits.ts';
import { SendWindow } from './send-window.ts';

const EACH = CONFIRMED_EACH_BYTES;

function questions() {
  const asked: PromiseWithResolvers<void>[] = [];
  const flush = () => {
    const question = Promise.withResolvers<void>();
    asked.push(question);
    return question.promise;
  };
  return { asked, connection: { flush } };
}

test('a message that finds no room is not admitted until the server has confirmed what was sent before', async () => {
  const { asked, connection } = questions();
  const window = new SendWindow(3 * EACH);
  for (let sent = 0; sent < 3; sent += 1) {
    expect(window.admits(EACH)).toBe(true);
    window.sent(connection, EACH);
  }
  expect(window.admits(1)).toBe(false);
  expect(asked).toHaveLength(1);
  asked[0]?.resolve();
  await Promise.resolve();
  expect(window.admits(EACH)).toBe(true);
  expect(window.admits(EACH + 1)).toBe(false);
  // What was sent after the question is asked for by the next one.
  expect(asked).toHaveLength(2);
});

test('small messages ask nothing until they add up', () => {
  const { asked, connection } = questions();
  const window = new SendWindow(3 * EACH);
  for (let sent = 0; sent < EACH - 1; sent += 1) window.sent(connection, 1);
  expect(asked).toHaveLength(0);
  window.sent(connection, 1);
  expect(asked).toHaveLength(1);
});

test('a connection that was lost holds nothing any more', async () => {
  const { asked, connection } = questions();
  const window = new SendWindow(2 * EACH);
  window.sent(connection, EACH);
  window.sent(connection, EACH);
  expect(window.admits(1)).toBe(false);
  asked[0]?.reject(new Error('lost'));
  await Promise.resolve();
  await Promise.resolve();
  expect(window.admits(2 * EACH)).toBe(true);
});
