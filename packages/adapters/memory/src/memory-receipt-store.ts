// Receipts in memory.
import type {
  PassedPage,
  PassedRow,
  Raised,
  ReceiptPage,
  ReceiptStep,
  ReceiptStore,
  WatermarkRow,
} from '@parley/ports/receipt-store';
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import { compareIds } from './id-order.ts';
import { type DecideFault, MemoryHandle } from './memory-handle.ts';
import type { MemoryWorld, ReceiptRows, StepRows, WorldState } from './memory-world.ts';

type At = { readonly at: number | undefined };

export class MemoryReceiptStore implements ReceiptStore {
  readonly #handle: MemoryHandle;

  constructor(world: MemoryWorld, fault?: DecideFault) {
    this.#handle = new MemoryHandle({ world, store: 'receipts', fault });
  }

  raise(steps: readonly ReceiptStep[]): Promise<readonly Raised[]> {
    return this.#handle.call({ method: 'raise' }, (state) =>
      steps.flatMap((step): Raised[] => {
        const { conversation, user } = step;
        const before = watermarkOf(state, conversation, user);
        raiseOne(state, step);
        const row = watermarkOf(state, conversation, user);
        const by = step.device === undefined ? 'read' : 'received';
        return row[by] > before[by] ? [{ conversation, by, row }] : [];
      }),
    );
  }

  watermarks(conversation: ConversationId, after: UserId | undefined, limit: number): Promise<ReceiptPage> {
    return this.#handle.call({ method: 'watermarks' }, (state) => {
      const users = membersOf(state, conversation).filter((user) => isAfter(user, after));
      const rows = users.slice(0, limit).map((user) => watermarkOf(state, conversation, user));
      return { rows, next: users.length > limit ? rows.at(-1)?.user : undefined };
    });
  }

  watermark(conversation: ConversationId, user: UserId): Promise<WatermarkRow> {
    return this.#handle.call({ method: 'watermark' }, (state) => watermarkOf(state, conversation, user));
  }

  passed(
    conversation: ConversationId,
    seq: Seq,
    page: { readonly except: UserId; readonly after: UserId | undefined; readonly limit: number },
  ): Promise<PassedPage> {
    return this.#handle.call({ method: 'passed' }, (state) => {
      const users = membersOf(state, conversation).filter((user) => user !== page.except);
      const all = users.map((user) => passedBy(state, conversation, user, seq));
      const reached = all.filter(({ delivered, read }) => delivered !== undefined || read !== undefined);
      const beyond = reached.filter(({ user }) => isAfter(user, page.after));
      const rows = beyond.slice(0, page.limit);
      return {
        rows,
        next: beyond.length > page.limit ? rows.at(-1)?.user : undefined,
        members: users.length,
        delivered: all.filter((row) => row.delivered !== undefined).length,
        read: all.filter((row) => row.read !== undefined).length,
      };
    });
  }

  devices(conversation: ConversationId, seq: Seq, limit: number) {
    return this.#handle.call({ method: 'devices' }, (state) => {
      const rows = [...(state.receipts.get(conversation) ?? [])].flatMap(([user, of]) =>
        [...of.devices].flatMap(([device, steps]) => {
          const passed = passedAt(steps, seq);
          return passed === undefined ? [] : [{ user, device, at: passed.at }];
        }),
      );
      return rows
        .sort((one, other) => compareIds(one.user, other.user) || compareIds(one.device, other.device))
        .slice(0, limit);
    });
  }

  dropTimes(conversation: ConversationId, through: Seq): Promise<void> {
    return this.#handle.call({ method: 'dropTimes' }, (state) => {
      for (const { devices, read } of state.receipts.get(conversation)?.values() ?? []) {
        for (const rows of [...devices.values(), read])
          rows.steps = rows.steps.filter((step) => step.seq > through);
      }
    });
  }

  /** As MemoryMessageStore's. */
  crash(): void {
    this.#handle.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

const isAfter = (user: UserId, after: UserId | undefined) =>
  after === undefined || compareIds(user, after) > 0;

function raiseOne(state: WorldState, { conversation, user, device, seq, at, timed }: ReceiptStep): void {
  const users = state.receipts.get(conversation) ?? new Map<UserId, ReceiptRows>();
  state.receipts.set(conversation, users);
  const of = users.get(user) ?? { devices: new Map<DeviceId, StepRows>(), read: { seq: 0, steps: [] } };
  users.set(user, of);
  const rows = device === undefined ? of.read : (of.devices.get(device) ?? { seq: 0, steps: [] });
  if (device !== undefined) of.devices.set(device, rows);
  if (seq <= rows.seq) return;
  // What an untimed step passed stays without a time: the step says so, one for all that come in a row.
  if (!timed && rows.steps.at(-1)?.at === undefined) rows.steps.pop();
  rows.steps.push({ seq, at: timed ? at : undefined });
  rows.seq = seq;
}

function membersOf(state: WorldState, conversation: ConversationId): UserId[] {
  return [...(state.conversations.get(conversation)?.members.values() ?? [])]
    .filter(({ membership }) => membership.leftSeq === undefined)
    .map(({ membership }) => membership.user)
    .sort(compareIds);
}

function watermarkOf(state: WorldState, conversation: ConversationId, user: UserId): WatermarkRow {
  const of = state.receipts.get(conversation)?.get(user);
  const received = Math.max(0, ...[...(of?.devices.values() ?? [])].map((rows) => rows.seq));
  return { user, received, read: of?.read.seq ?? 0 };
}

function passedBy(state: WorldState, conversation: ConversationId, user: UserId, seq: Seq): PassedRow {
  const of = state.receipts.get(conversation)?.get(user);
  const steps = [...(of?.devices.values() ?? [])].flatMap((rows) => passedAt(rows, seq) ?? []);
  return {
    user,
    delivered: steps.length === 0 ? undefined : earliest(steps),
    read: of === undefined ? undefined : passedAt(of.read, seq),
  };
}

function passedAt(rows: StepRows, seq: Seq): At | undefined {
  if (rows.seq < seq) return undefined;
  return { at: rows.steps.find((step) => step.seq >= seq)?.at };
}

/** Of several devices the first that is known: where one has no time, an earlier one cannot be ruled out. */
function earliest(steps: readonly At[]): At {
  const times = steps.flatMap(({ at }) => at ?? []);
  return { at: times.length < steps.length ? undefined : Math.min(...times) };
}
