// The SDK's counter against the server itself: badges that nobody asked for are the numbers that the server has.
import { expect, test } from 'bun:test';
import { UnreadCounter } from '@parley/client';
import type { ConversationId } from '@parley/protocol/ids';
import type { StandingView } from '@parley/protocol/reading';
import { ServerFixture } from '@parley/server/testing/server-fixture';
import { Chance } from './chance.ts';
import { SdkDevice } from './sdk-device.ts';

const SEEDS_COUNT = 25;
const STEPS_COUNT = 60;

class Run {
  readonly fixture = new ServerFixture();
  readonly chance: Chance;
  readonly seed: number;
  readonly conversations: ConversationId[] = [];
  phone!: SdkDevice;
  counter!: UnreadCounter;
  /** The user's other device. */
  laptop!: SdkDevice;
  others!: SdkDevice[];
  self = '';
  #loading: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.chance = new Chance(seed);
  }

  async begin(): Promise<void> {
    const { fixture } = this;
    const ada = await fixture.register('ada');
    this.self = ada.user_id;
    const accounts = [
      await fixture.login('ada'),
      await fixture.register('bob'),
      await fixture.register('cem'),
    ];
    const devices = accounts.map(({ token }, at) => new SdkDevice({ fixture, token, seed: at + 1 }));
    for (const device of devices) await device.connect();
    const [laptop, bob, cem] = devices as [SdkDevice, SdkDevice, SdkDevice];
    this.laptop = laptop;
    this.others = [bob, cem];
    this.counter = new UnreadCounter({ self: ada.user_id });
    this.phone = new SdkDevice({
      fixture,
      token: ada.token,
      seed: this.seed,
      onEntry: (entry) => this.counter.entry(entry),
      onEvent: (event) => {
        this.counter.event(event);
        if (event.kind === 'connection' && event.state.kind === 'online')
          this.#loading = this.counter.load(this.phone.client);
      },
    });
    await this.phone.connect();
    const group = { title: 'Tea', members: [{ name: 'ada' }, { name: 'cem' }] };
    const own = { title: 'Own', members: [{ name: 'bob' }, { name: 'cem' }] };
    const made = [
      await bob.done(bob.client.openDirect({ name: 'ada' })),
      await bob.done(bob.client.createGroup(group)),
      await laptop.done(laptop.client.createGroup(own)),
    ];
    this.conversations.push(...made.map(({ conversation_id }) => conversation_id));
  }

  async step(): Promise<void> {
    const { chance } = this;
    const conversation = chance.pick(this.conversations)!;
    const what = chance.weighted({
      write: 40,
      own: 10,
      change: 15,
      read: 15,
      unread: 8,
      elsewhere: 12,
      cut: 4,
    });
    switch (what) {
      case 'write':
        await this.#write(conversation);
        break;
      case 'own':
        await this.laptop.done(this.laptop.client.send(conversation, `own ${(this.#count += 1)}`));
        break;
      case 'change':
        await this.#change(conversation);
        break;
      case 'read':
        await this.#mayFail(this.phone, this.phone.client.reading.markRead(conversation));
        break;
      case 'unread':
        await this.#mayFail(
          this.phone,
          this.phone.client.reading.markUnread(conversation, chance.between(1, 6)),
        );
        break;
      case 'elsewhere': {
        const seq = Math.max(0, this.#head(conversation) - chance.below(3));
        await this.#mayFail(this.laptop, this.laptop.client.reading.markRead(conversation, seq));
        break;
      }
      case 'cut':
        this.phone.cut();
    }
    await this.fixture.timers.advance(chance.pick([0, 5, 200, 3_000])!);
  }

  /** Once everything has arrived, what the counter is sure of is what the server says. */
  async check(): Promise<void> {
    if (this.phone.client.state.kind !== 'online') return;
    await this.phone.done(this.#loading);
    await this.fixture.timers.advance(2_500);
    for (const id of this.conversations) {
      const { sure, ...counts } = this.counter.of(id);
      const { read, unread, mentions } = await this.#standing(id);
      if (sure) expect({ id, ...counts }).toEqual({ id, read, unread, mentions });
    }
  }

  /** The doubts are cleared by asking. */
  async finish(): Promise<void> {
    await this.fixture.timers.advance(120_000);
    await this.check();
    for (const id of this.counter.unsure) await this.phone.done(this.phone.client.conversation(id));
    expect(this.counter.unsure).toEqual([]);
    await this.check();
    const { total } = await this.phone.done(this.phone.client.reading.unread());
    expect(this.counter.total).toEqual(total);
  }

  async #standing(conversation_id: ConversationId): Promise<StandingView> {
    const { laptop } = this;
    const { standing } = await laptop.done(laptop.client.conversation(conversation_id));
    if (standing === undefined) throw new Error('The server told no standing.');
    return standing;
  }

  #head(conversation: ConversationId): number {
    return this.fixture.stores.world.state.logs.get(conversation)?.head ?? 0;
  }

  async #write(conversation: ConversationId): Promise<void> {
    const writer = this.chance.pick(this.others)!;
    // Not every writer is in the direct conversation.
    await this.#mayFail(
      writer,
      writer.client.send(conversation, `text ${(this.#count += 1)}`, this.#mention()),
    );
  }

  async #change(conversation: ConversationId): Promise<void> {
    const writer = this.chance.pick(this.others)!;
    const target = this.chance.between(1, Math.max(1, this.#head(conversation)));
    const { client } = writer;
    const change = this.chance.happens(0.4)
      ? client.deleteMessage(conversation, target)
      : client.editMessage(conversation, target, `edit ${(this.#count += 1)}`, this.#mention());
    await this.#mayFail(writer, change);
  }

  #mention(): { mentions?: { users?: string[]; everyone?: 'all' } } {
    const what = this.chance.weighted({ nobody: 50, me: 25, everyone: 15, other: 10 });
    if (what === 'nobody') return {};
    if (what === 'everyone') return { mentions: { everyone: 'all' } };
    return { mentions: { users: [what === 'me' ? this.self : '999'] } };
  }

  async #mayFail(device: SdkDevice, call: Promise<unknown>): Promise<void> {
    await device.done(call.catch(() => undefined));
  }
}

test.each(Array.from({ length: SEEDS_COUNT }, (_, at) => at + 1))(
  '[READ-2] [READ-3] [READ-6] the counter of the SDK has the server’s numbers, over reconnects as well (seed %d)',
  async (seed) => {
    const run = new Run(seed);
    await run.begin();
    for (let step = 0; step < STEPS_COUNT; step++) {
      await run.step();
      if (step % 5 === 0) await run.check();
    }
    await run.finish();
  },
);
