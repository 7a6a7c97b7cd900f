// Faults, crashes and backups of the stores in memory.
import { describe, expect, test } from 'bun:test';
import {
  ALICE,
  append,
  BOB,
  claim,
  conversationId,
  deviceId,
  makeEntry,
  read,
  rejection,
  token,
} from '@parley/ports/conformance/fixture';
import { directRecord } from '@parley/ports/conformance/member-fixture';
import { ERASED_BODY } from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import type { StoreCall, StoreFault } from './memory-handle.ts';
import { MemoryStores } from './memory-stores.ts';
import { MemoryWorld } from './memory-world.ts';

const C = conversationId(500);

/** Stores whose next call of a method meets a fault. */
function withFault(method: string): {
  stores: MemoryStores;
  next: (fault: StoreFault) => void;
  calls: StoreCall[];
} {
  let pending: StoreFault | undefined;
  const calls: StoreCall[] = [];
  const fault = (call: StoreCall) => {
    if (call.method !== method) return undefined;
    calls.push(call);
    const now = pending;
    pending = undefined;
    return now;
  };
  return { stores: new MemoryStores({ fault }), next: (wanted) => (pending = wanted), calls };
}

async function claimed(method = 'append') {
  const world = withFault(method);
  await claim(world.stores.messages, C, token(1));
  return world;
}

describe('faults of an append', () => {
  test('unknown_applied: answered as unknown, and the entry is there', async () => {
    const { stores, next, calls } = await claimed();
    const entry = makeEntry();
    next('unknown_applied');
    expect(await stores.messages.append(C, token(1), 0, [entry])).toEqual({ kind: 'unknown' });
    expect((await stores.messages.state(C)).head).toBe(1);
    expect(await stores.messages.find(C, entry.sender, [entry.clientMsgId])).toHaveLength(1);
    expect(calls).toEqual([{ store: 'messages', method: 'append', conversation: C, entries: [entry] }]);
  });

  test('unknown_applied is no way around the fence', async () => {
    const { stores, next } = await claimed();
    next('unknown_applied');
    expect(await stores.messages.append(C, token(2), 0, [makeEntry()])).toEqual({ kind: 'unknown' });
    expect((await stores.messages.state(C)).head).toBe(0);
  });

  test('unknown_not_applied: answered as unknown, and nothing is there', async () => {
    const { stores, next } = await claimed();
    next('unknown_not_applied');
    expect(await stores.messages.append(C, token(1), 0, [makeEntry()])).toEqual({ kind: 'unknown' });
    expect((await stores.messages.state(C)).head).toBe(0);
    expect(await append(stores.messages, C, [makeEntry()])).toBe(1);
  });

  test('storage_full and unavailable: refused without a trace, once', async () => {
    const { stores, next } = await claimed();
    for (const kind of ['storage_full', 'unavailable'] as const) {
      next(kind);
      const outcome = await stores.messages.append(C, token(1), 0, [makeEntry()]);
      expect(outcome).toEqual({ kind: 'refused', reason: { kind } });
      expect((await stores.messages.state(C)).head).toBe(0);
    }
    expect(await append(stores.messages, C, [makeEntry()])).toBe(1);
  });
});

describe('faults of a claim', () => {
  test('lost_race is refused, unknown_applied and unknown_not_applied are what they say', async () => {
    const { stores, next } = await claimed('claim');
    next('lost_race');
    expect(await stores.messages.claim(C, token(2))).toEqual({ kind: 'refused' });
    next('unknown_not_applied');
    expect(await stores.messages.claim(C, token(3))).toEqual({ kind: 'unknown' });
    expect((await stores.messages.state(C)).token).toBe(token(1));
    next('unknown_applied');
    expect(await stores.messages.claim(C, token(4))).toEqual({ kind: 'unknown' });
    expect((await stores.messages.state(C)).token).toBe(token(4));
  });
});

describe('faults of the other calls', () => {
  test('they reject with a StoreError, with or without their effect', async () => {
    const { stores, next } = withFault('markReceived');
    const device = deviceId(71);
    await stores.members.createConversation(directRecord(C));
    const mark = (seq: number) => stores.queue.markReceived(ALICE, device, [{ conversation: C, seq }]);
    const kinds: unknown[] = [];
    for (const fault of ['storage_full', 'unavailable', 'unknown_not_applied', 'unknown_applied'] as const) {
      next(fault);
      const error = await rejection(() => mark(kinds.length + 1));
      kinds.push(error instanceof StoreError ? error.kind : error);
      expect((await stores.queue.received(ALICE, device, [C])).get(C)).toBe(
        fault === 'unknown_applied' ? 4 : 0,
      );
    }
    expect(kinds).toEqual(['storage_full', 'unavailable', 'outcome_unknown', 'outcome_unknown']);
  });
});

describe('faults of the calls for changed messages', () => {
  test('each is asked about by its name, and has its effect only where the fault says so', async () => {
    for (const method of ['putStates', 'erase'] as const) {
      const { stores, next, calls } = await claimed(method);
      await append(stores.messages, C, [makeEntry()]);
      const write = () =>
        method === 'putStates'
          ? stores.messages.putStates(C, [{ seq: 1, asOf: 1, body: '{}' }])
          : stores.messages.erase(C, [1], ERASED_BODY);
      const wasWritten = async () => {
        const { entries, states } = await read(stores.messages, C);
        return states.length === 1 || entries[0]?.body === ERASED_BODY;
      };
      for (const fault of [
        'storage_full',
        'unavailable',
        'unknown_not_applied',
        'unknown_applied',
      ] as const) {
        next(fault);
        expect(await rejection(write)).toBeInstanceOf(StoreError);
        expect(await wasWritten()).toBe(fault === 'unknown_applied');
      }
      expect(calls[0]).toEqual({ store: 'messages', method, conversation: C });
    }
    const { stores, next } = await claimed('states');
    next('unavailable');
    expect(await rejection(() => stores.messages.states(C, [1]))).toBeInstanceOf(StoreError);
  });
});

describe('a crash', () => {
  /** A world in which each step of a call waits for the test. */
  function stepped() {
    let steps: (() => void)[] = [];
    const pause = () => new Promise<void>((resolve) => steps.push(resolve));
    const step = async () => {
      const now = steps;
      steps = [];
      for (const resolve of now) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { world: new MemoryWorld({ pause }), step };
  }

  async function inFlight(stepsBeforeCrash: number) {
    const { world, step } = stepped();
    const stores = new MemoryStores({ world });
    const claiming = stores.messages.claim(C, token(1));
    await step();
    await step();
    await claiming;
    const outcome = stores.messages.append(C, token(1), 0, [makeEntry()]);
    for (let turn = 0; turn < stepsBeforeCrash; turn++) await step();
    stores.crash();
    await step();
    await step();
    return { outcome: await outcome, head: world.state.logs.get(C)?.head, stores, step };
  }

  test('an append that had no effect yet never has one, and is answered as unknown', async () => {
    const { outcome, head } = await inFlight(0);
    expect(outcome).toEqual({ kind: 'unknown' });
    expect(head).toBe(0);
  });

  test('an append that had its effect keeps it, and is answered as unknown', async () => {
    const { outcome, head } = await inFlight(1);
    expect(outcome).toEqual({ kind: 'unknown' });
    expect(head).toBe(1);
  });

  test('afterwards the store is unavailable, and another one on the same world goes on', async () => {
    const world = new MemoryWorld();
    const stores = new MemoryStores({ world });
    await append(stores.messages, C, [makeEntry()]);
    stores.crash();
    const refused = { kind: 'refused', reason: { kind: 'unavailable' } } as const;
    expect(await stores.messages.append(C, token(1), 1, [makeEntry()])).toEqual(refused);
    expect(await rejection(() => stores.members.conversation(C))).toBeInstanceOf(StoreError);
    await using restarted = new MemoryStores({ world });
    expect(restarted.messages.logId).toBe(stores.messages.logId);
    expect(await append(restarted.messages, C, [makeEntry()])).toBe(2);
  });
});

describe('a backup', () => {
  test('a snapshot is restored as it was, apart from the world that it is of', async () => {
    await using stores = new MemoryStores();
    const known = makeEntry();
    await stores.members.createConversation(directRecord(C));
    await append(stores.messages, C, [known]);
    await stores.messages.putStates(C, [{ seq: 1, asOf: 1, body: '{"v":1}' }]);
    const state = stores.world.snapshot();
    await append(stores.messages, C, [makeEntry()]);
    await stores.messages.putStates(C, [{ seq: 1, asOf: 2, body: '{"v":2}' }]);
    await stores.messages.erase(C, [1], ERASED_BODY);
    await using restored = new MemoryStores({ world: new MemoryWorld({ state, logId: 'restored' }) });
    expect(restored.messages.logId).toBe('restored');
    expect((await restored.messages.state(C)).head).toBe(1);
    expect(await restored.messages.states(C, [1])).toEqual([{ seq: 1, asOf: 1, body: '{"v":1}' }]);
    expect((await read(restored.messages, C)).entries[0]?.body).toBe(known.body);
    const outcome = await restored.messages.append(C, token(1), 1, [known]);
    expect(outcome).toMatchObject({ kind: 'refused', reason: { kind: 'duplicate' } });
    expect(await restored.members.direct(BOB, ALICE)).toEqual(directRecord(C));
  });
});
