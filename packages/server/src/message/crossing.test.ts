// A group that grows and shrinks across the number from which it is large, in mid-traffic: nobody loses or repeats anything.
import { expect, test } from 'bun:test';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { logOf, membersOf } from '../testing/groups.ts';
import { LogReader } from '../testing/log-reader.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';

/** Of eight users, five are many. */
const LARGE_GROUP_MEMBERS = 5;
const NAMES = ['ada', 'bob', 'cy', 'dan', 'eve', 'fay', 'gus', 'hal'];
const STEPS = 120;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

class Run {
  readonly fixture = new ServerFixture({ server: { largeGroupMembers: LARGE_GROUP_MEMBERS } });
  readonly #chance: SeededRandomness;
  readonly #tokens: string[] = [];
  readonly users: UserId[] = [];
  readers: LogReader[] = [];
  group = '0' as ConversationId;
  code = '';
  sizes: number[] = [];

  constructor(seed: number) {
    this.#chance = new SeededRandomness(seed);
  }

  async begin(): Promise<void> {
    const clients: TestClient[] = [];
    for (const name of NAMES) {
      const client = await this.fixture.join(name);
      clients.push(client);
      this.#tokens.push(client.token);
      this.users.push(client.userId);
    }
    const [ada] = clients as [TestClient];
    this.group = await ada.group('room', this.users.slice(1, LARGE_GROUP_MEMBERS - 1));
    const made = await ada.request({ type: 'create_invite', conversation_id: this.group });
    if (made.type === 'invite') this.code = made.invite.code;
    this.readers = clients.map((client) => new LogReader(this.group, client));
  }

  async step(at: number): Promise<void> {
    const who = this.#chance.below(NAMES.length);
    const reader = this.readers[who] as LogReader;
    const client = reader.client;
    const ada = this.readers[0]?.client;
    const common = { conversation_id: this.group, client_msg_id: `c-${at}` as never };
    switch (this.#chance.below(9)) {
      case 0:
      case 1:
      case 2:
        client?.start({
          type: 'send',
          conversation_id: this.group,
          messages: [{ client_msg_id: `m-${at}` as never, content: { kind: 'text', text: `m-${at}` } }],
        });
        break;
      case 3:
        if (who > 0) ada?.start({ type: 'remove_member', ...common, user_id: this.users[who] as UserId });
        break;
      case 4:
        ada?.start({ type: 'add_members', ...common, user_ids: [this.users[who] as UserId] });
        break;
      case 5:
        client?.start({ type: 'join', code: this.code });
        break;
      case 6:
        await client?.send({
          type: 'view',
          conversation_ids: this.#chance.below(2) === 0 ? [] : [this.group],
        });
        break;
      case 7:
        await this.#toggle(who, reader);
        break;
      case 8:
        await this.fixture.timers.advance(this.#chance.below(1_500));
    }
    if (this.#chance.below(3) === 0) await reader.read();
    this.sizes.push(membersOf(this.fixture, this.group).length);
    for (const each of this.readers) await each.client?.send({ type: 'heartbeat' });
  }

  async #toggle(who: number, reader: LogReader): Promise<void> {
    if (reader.client === undefined) reader.client = await this.fixture.connect(this.#tokens[who] as string);
    else if (who > 0) {
      await reader.read();
      reader.client.cut();
      reader.client = undefined;
    }
  }

  async connectAll(): Promise<void> {
    for (const [who, reader] of this.readers.entries())
      if (reader.client === undefined) await this.#toggle(who, reader);
  }

  /** What each reader should have been shown, and what was. */
  views(): { name: string; has: unknown; should: unknown }[] {
    const rows = logOf(this.fixture, this.group);
    return this.readers.map((reader, who) => {
      const { members } = this.fixture.stores.world.state.conversations.get(this.group) ?? {};
      const membership = members?.get(this.users[who] as UserId)?.membership;
      const until = membership === undefined ? 0 : (membership.leftSeq ?? Number.POSITIVE_INFINITY);
      const should = rows
        .filter(({ seq }) => seq <= until)
        .map(({ seq, kind, clientMsgId }) => ({ seq, said: `${kind} ${clientMsgId}` }));
      return { name: NAMES[who] as string, has: reader.shown, should };
    });
  }
}

test.each(SEEDS)(
  '[LARGE-2] [PUSH-2] crossing the number up and down in mid-traffic loses and repeats nothing (seed %d)',
  async (seed) => {
    const run = new Run(seed);
    await run.begin();
    for (let at = 0; at < STEPS; at++) await run.step(at);
    await run.connectAll();
    // The next look of anybody is far away: what is missing is told by then, or it is not told.
    for (let left = 3; left > 0; left--) {
      await run.fixture.timers.advance(1_000);
      for (const reader of run.readers) await reader.read();
    }
    for (const { name, has, should } of run.views()) expect([name, has]).toEqual([name, should]);
    expect(Math.min(...run.sizes)).toBeLessThan(LARGE_GROUP_MEMBERS);
    expect(Math.max(...run.sizes)).toBeGreaterThanOrEqual(LARGE_GROUP_MEMBERS);
  },
);
