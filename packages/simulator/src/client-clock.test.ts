// What an SDK client catches up does not hang on what time it believes it is.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { ServerFixture } from '@parley/server/testing/server-fixture';
import type { TestClient } from '@parley/server/testing/test-client';
import { SdkDevice } from './sdk-device.ts';
import { SkewedClock } from './skewed-clock.ts';

const YEARS_MS = 365 * 86_400_000;
/** How far the wall clock of the device is off, after each jump. The jumps come while it is away. */
const OFFSETS_MS = [-8 * YEARS_MS, 9 * YEARS_MS, -20 * YEARS_MS, 3_600_000, 30 * YEARS_MS, 0];
const DAY_MS = 86_400_000;

/** The device of a user whose machine has a clock of its own. */
function deviceWith(fixture: ServerFixture, token: string, clock: SkewedClock, seed = 1): SdkDevice {
  const machine = Object.create(fixture, { clock: { value: clock } }) as ServerFixture;
  return new SdkDevice({ fixture: machine, token, seed });
}

/** What happens while the device is away: messages, and changes of those that it has long had. No time passes. */
async function traffic(bob: TestClient, conversations: readonly ConversationId[], round: string) {
  bob.clear();
  for (const conversation of conversations) {
    for (let at = 0; at < 5; at++) await bob.text(conversation, `${round} ${at}`);
    const { head, entries } = await bob.pull(conversation, 0);
    const [target] = entries.filter(({ kind }) => kind === 'message');
    const changes = [
      await bob.change('react', conversation, `r-${round}`, { target: target?.seq, emoji: round }),
      await bob.change('delete_message', conversation, `d-${round}`, { target: head }),
    ];
    expect(changes.map(({ type }) => type)).toEqual(['changed', 'changed']);
  }
}

/** The entries of one conversation, as the app of the device was handed them and as the log has them. */
function handedAndStored(fixture: ServerFixture, devices: readonly SdkDevice[], id: ConversationId) {
  const rows = fixture.stores.world.state.logs.get(id)?.rows ?? [];
  const handed = devices.flatMap(({ entries }) => entries.filter((entry) => entry.conversation_id === id));
  return {
    handed: handed.map(({ seq, kind, message_id, at }) => ({ seq, kind, message_id: `${message_id}`, at })),
    stored: rows.map(({ seq, kind, messageId, at }) => ({ seq, kind, message_id: `${messageId}`, at })),
  };
}

test('[SYNC-2] [PITFALL: sync cursor taken from the client’s clock] a client whose clock is years off and jumps while it is away catches up exactly, once, in order', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.register('ada');
  const bob = await fixture.join('bob');
  const conversations = [await bob.direct(ada.user_id), await bob.group('room', [ada.user_id])];
  const clock = new SkewedClock(fixture.clock, OFFSETS_MS[0] ?? 0);
  const device = deviceWith(fixture, ada.token, clock);
  await device.connect();
  for (const [round, offsetMs] of OFFSETS_MS.entries()) {
    device.cut();
    // Before it is away it believes one time, when it comes back another; the last entries came in between.
    await traffic(bob, conversations, `away-${round}`);
    clock.offsetMs = offsetMs;
    fixture.clock.step(DAY_MS);
    await traffic(bob, conversations, `later-${round}`);
    await fixture.timers.advance(5_000);
    bob.session.heard();
    await traffic(bob, conversations, `live-${round}`);
    // Its own entries are placed by the server as well.
    for (const id of conversations) await device.done(device.client.send(id, `own ${round}`));
    await fixture.timers.advance(3_000);
    bob.session.heard();
    for (const id of conversations) {
      const { handed, stored } = handedAndStored(fixture, [device], id);
      expect(handed).toEqual(stored);
    }
  }
  expect(device.told('missing')).toEqual([]);
}, 30_000);

test('[RECV-1] [SYNC-2] [PITFALL: sync cursor taken from the client’s clock] an app that starts again years earlier or later by its clock goes on where it was', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.register('ada');
  const bob = await fixture.join('bob');
  const conversations = [await bob.direct(ada.user_id), await bob.group('room', [ada.user_id])];
  const devices: SdkDevice[] = [];
  for (const [round, offsetMs] of OFFSETS_MS.entries()) {
    await traffic(bob, conversations, `before-${round}`);
    const device = deviceWith(fixture, ada.token, new SkewedClock(fixture.clock, offsetMs), round + 1);
    devices.push(device);
    await device.connect();
    await traffic(bob, conversations, `while-${round}`);
    await fixture.timers.advance(3_000);
    bob.session.heard();
    await device.done(device.client.close());
    for (const id of conversations) {
      const { handed, stored } = handedAndStored(fixture, devices, id);
      expect(handed).toEqual(stored);
    }
  }
}, 30_000);
