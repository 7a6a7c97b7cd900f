// Message store: what a claim does.
import { expect, test } from 'bun:test';
import { append, claim, conversationId, makeEntries, makeEntry, read, token } from './fixture.ts';
import type { Open, Opened } from './opened.ts';

const C = conversationId(500);

export function claimRules(open: Open<Opened<'messages'>>): void {
  test('[STORE-1] a conversation that was never written has no token, head 0 and floor 0', async () => {
    await using world = await open();
    expect(await world.messages.state(C)).toEqual({ token: undefined, head: 0, floor: 0 });
    expect(await read(world.messages, C)).toEqual({ entries: [], states: [], head: 0, floor: 0 });
    expect(world.messages.logId).not.toBe('');
  });

  test('[STORE-2] a claim sets the token and answers with head and floor', async () => {
    await using world = await open();
    expect(await world.messages.claim(C, token(1))).toEqual({ kind: 'claimed', head: 0, floor: 0 });
    expect(await world.messages.state(C)).toEqual({ token: token(1), head: 0, floor: 0 });
    await append(world.messages, C, makeEntries(5));
    await world.messages.drop(C, 2);
    expect(await world.messages.claim(C, token(2))).toEqual({ kind: 'claimed', head: 5, floor: 2 });
    expect(await world.messages.state(C)).toEqual({ token: token(2), head: 5, floor: 2 });
  });

  test('[STORE-3] a claim fences the former token for ever, also after the new owner wrote nothing', async () => {
    await using world = await open();
    await claim(world.messages, C, token(1));
    await append(world.messages, C, [makeEntry()]);
    await claim(world.messages, C, token(2));
    const state = { token: token(2), head: 1, floor: 0 };
    expect(await world.messages.append(C, token(1), 1, [makeEntry()])).toEqual({
      kind: 'refused',
      reason: { kind: 'fenced', state },
    });
    expect(await world.messages.state(C)).toEqual(state);
    expect((await read(world.messages, C)).entries).toHaveLength(1);
    await append(world.messages, C, [makeEntry()]);
  });

  test('[STORE-4] a claim of one conversation leaves the others alone', async () => {
    await using world = await open();
    const other = conversationId(501);
    await claim(world.messages, C, token(1));
    await claim(world.messages, other, token(2));
    expect((await world.messages.state(C)).token).toBe(token(1));
    expect((await world.messages.append(C, token(1), 0, [makeEntry()])).kind).toBe('applied');
    expect((await world.messages.append(other, token(1), 0, [makeEntry()])).kind).toBe('refused');
  });

  test('[STORE-5] of claims at the same time one is in force, and it was told so', async () => {
    await using world = await open();
    await append(world.messages, C, [makeEntry()]);
    const tokens = Array.from({ length: 8 }, (_, index) => token(100 + index));
    const outcomes = await Promise.all(tokens.map((one) => world.messages.claim(C, one)));
    const claimed = tokens.filter((_, index) => outcomes[index]?.kind === 'claimed');
    const { token: inForce } = await world.messages.state(C);
    expect(claimed).toContain(inForce ?? token(0));
    for (const one of tokens.filter((each) => each !== inForce)) {
      expect((await world.messages.append(C, one, 1, [makeEntry()])).kind).toBe('refused');
    }
    await append(world.messages, C, [makeEntry()]);
  });
}
