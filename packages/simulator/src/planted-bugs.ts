// Bugs that are planted at a port or in a frame, to prove that the checker finds them. No normal run has any.
import type { MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { MessageStore, NewEntry, Page } from '@parley/ports/message-store';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { Down } from '@parley/protocol/down';
import type { ClientMsgId, UserId } from '@parley/protocol/ids';
import type { Up } from '@parley/protocol/up';
import type { Plants } from './simulation.ts';
import type { Invariant } from './violations.ts';

export interface PlantedBug {
  readonly name: string;
  /** At least one of these must be found violated. */
  readonly breaks: readonly Invariant[];
  readonly plants: Plants;
}

/** The methods of a port, bound to the object that has them, some replaced: a class of fields cannot be spread. */
function messagesWith(store: MessageStore, changes: Partial<MessageStore>): MessageStore {
  return {
    logId: store.logId,
    claim: (...args) => store.claim(...args),
    append: (...args) => store.append(...args),
    state: (...args) => store.state(...args),
    read: (...args) => store.read(...args),
    find: (...args) => store.find(...args),
    locate: (...args) => store.locate(...args),
    lastSentAt: (...args) => store.lastSentAt(...args),
    states: (...args) => store.states(...args),
    putStates: (...args) => store.putStates(...args),
    erase: (...args) => store.erase(...args),
    drop: (...args) => store.drop(...args),
    olderThan: (...args) => store.olderThan(...args),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    ...changes,
  };
}

function queueWith(queue: OfflineQueue, changes: Partial<OfflineQueue>): OfflineQueue {
  return {
    advance: (...args) => queue.advance(...args),
    behind: (...args) => queue.behind(...args),
    markReceived: (...args) => queue.markReceived(...args),
    received: (...args) => queue.received(...args),
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
    ...changes,
  };
}

const withMessages = (
  change: (store: MessageStore, world: MemoryWorld) => Partial<MessageStore>,
): Plants => ({
  ports: { messages: (store, world) => messagesWith(store, change(store, world)) },
});

const withQueue = (change: (queue: OfflineQueue) => Partial<OfflineQueue>): Plants => ({
  ports: { queue: (queue) => queueWith(queue, change(queue)) },
});

/** Every so many calls, beginning with the first full round. */
function everyNth(count: number): () => boolean {
  let calls = 0;
  return () => (calls += 1) % count === 0;
}

function rewriteFrames<Frame extends Up | Down>(change: (frame: Frame) => Frame) {
  return (text: string): string => JSON.stringify((JSON.parse(text) as Frame[]).map(change));
}

const withoutOne = (page: Page): Page => ({
  ...page,
  entries: page.entries.filter(({ seq }) => seq % 7 !== 3),
});

const STORES: readonly PlantedBug[] = [
  {
    name: 'the store acknowledges before it writes',
    breaks: ['INV 8'],
    plants: withMessages((store) => ({
      append: (conversation, token, expectedHead, entries) => {
        // Whatever becomes of it, the answer is given already.
        store.append(conversation, token, expectedHead, entries).catch(() => undefined);
        return Promise.resolve({ kind: 'applied', head: expectedHead + entries.length });
      },
    })),
  },
  {
    name: 'the store leaves an entry out when it is read',
    breaks: ['INV 1', 'INV 3'],
    plants: withMessages((store) => ({
      read: async (range) => (range.limit === 1 ? store.read(range) : withoutOne(await store.read(range))),
    })),
  },
  {
    name: 'the store loses an entry that it acknowledged',
    breaks: ['INV 1', 'INV 3'],
    plants: {
      tamper: ({ state }) => {
        for (const log of state.logs.values()) if (log.rows.length > 4) log.rows.splice(2, 1);
      },
    },
  },
  {
    name: 'the store writes an entry twice, under another id',
    breaks: ['INV 6'],
    plants: withMessages((store) => ({
      append: async (conversation, token, expectedHead, entries) => {
        const outcome = await store.append(conversation, token, expectedHead, entries);
        if (outcome.kind !== 'applied') return outcome;
        const again = entries.map((entry): NewEntry => ({
          ...entry,
          clientMsgId: `${entry.clientMsgId}-2` as ClientMsgId,
        }));
        await store.append(conversation, token, outcome.head, again);
        return outcome;
      },
    })),
  },
  {
    name: 'the store writes what it says it refused',
    breaks: ['INV 9'],
    plants: withMessages((store) => {
      const due = everyNth(20);
      return {
        append: async (conversation, token, expectedHead, entries) => {
          const outcome = await store.append(conversation, token, expectedHead, entries);
          const isPlain = entries.every(({ kind }) => kind === 'message');
          return isPlain && outcome.kind === 'applied' && due()
            ? { kind: 'refused', reason: { kind: 'storage_full' } }
            : outcome;
        },
      };
    }),
  },
  {
    name: 'a stranger writes',
    breaks: ['INV 16'],
    plants: {
      tamper: ({ state }) => {
        for (const log of state.logs.values()) {
          const row = log.rows.at(-1);
          if (row !== undefined) log.rows[log.rows.length - 1] = { ...row, sender: '999' as UserId };
        }
      },
    },
  },
  {
    name: 'a mark runs ahead of what its device has',
    breaks: ['INV 12'],
    plants: withQueue((queue) => ({
      markReceived: (user, device, marks) =>
        queue.markReceived(
          user,
          device,
          marks.map(({ conversation, seq }) => ({ conversation, seq: seq + 1 })),
        ),
    })),
  },
  {
    name: 'a mark moves back',
    breaks: ['INV 12'],
    plants: {
      ports: {
        queue: (queue, { state }) => {
          const due = everyNth(10);
          return queueWith(queue, {
            markReceived: async (user, device, marks) => {
              await queue.markReceived(user, device, marks);
              if (due()) state.marks.get(`${user} ${device}`)?.clear();
            },
          });
        },
      },
    },
  },
  {
    name: 'the queue forgets every other conversation',
    breaks: ['INV 10', 'INV 11'],
    plants: withQueue((queue) => ({
      behind: async (...args) => {
        const page = await queue.behind(...args);
        return { ...page, rows: page.rows.filter((_, index) => index % 2 === 1) };
      },
    })),
  },
  {
    name: 'a message_id is given twice',
    breaks: ['INV 7'],
    plants: {
      ports: {
        ids: (ids) => {
          const due = everyNth(25);
          let last = ids.next();
          return { next: () => (due() ? last : (last = ids.next())) };
        },
      },
    },
  },
];

const FRAMES: readonly PlantedBug[] = [
  {
    name: 'a push is repeated with another body',
    breaks: ['INV 2'],
    plants: {
      rewriteDown: (_connection, text) =>
        text.includes('"type":"entries"') ? [text, text.replaceAll(' says ', ' never said ')] : [text],
    },
  },
  {
    name: 'a removed member is still sent what is written',
    breaks: ['INV 15'],
    plants: {
      ports: {
        messages: (store, { state }) =>
          messagesWith(store, {
            read: (range) =>
              store.read({ ...range, to: state.logs.get(range.conversation)?.head ?? range.to }),
          }),
      },
    },
  },
  {
    name: 'the messages of a frame are stored in reverse',
    breaks: ['INV 5'],
    plants: {
      rewriteUp: (_connection, text) => [
        rewriteFrames<Up>((frame) =>
          frame.type === 'send' ? { ...frame, messages: frame.messages.toReversed() } : frame,
        )(text),
      ],
    },
  },
  {
    name: 'pushes and heads of one user are lost for ever',
    breaks: ['INV 10'],
    plants: {
      rewriteDown: ({ client }, text) =>
        client.name.startsWith('ada') && /"type":"(entries|heads)"/.test(text) ? [] : [text],
    },
  },
  {
    name: 'sends are never answered',
    breaks: ['INV 21'],
    plants: {
      rewriteDown: (_connection, text) => (text.includes('"type":"sent"') ? [] : [text]),
    },
  },
  {
    name: 'a retry is answered with another seq',
    breaks: ['INV 6', 'INV 8'],
    plants: withMessages((store) => ({
      find: async (...args) => (await store.find(...args)).map((entry) => ({ ...entry, seq: entry.seq + 1 })),
      append: async (...args) => {
        const outcome = await store.append(...args);
        if (outcome.kind !== 'refused' || outcome.reason.kind !== 'duplicate') return outcome;
        const existing = outcome.reason.existing.map((entry) => ({ ...entry, seq: entry.seq + 1 }));
        return { kind: 'refused', reason: { kind: 'duplicate', existing } };
      },
    })),
  },
  {
    name: 'another text under an id that was used is answered as if it were stored',
    breaks: ['INV 6'],
    plants: withMessages((store) => ({
      append: async (conversation, token, head, entries) => {
        const outcome = await store.append(conversation, token, head, entries);
        if (outcome.kind !== 'refused' || outcome.reason.kind !== 'duplicate') return outcome;
        const bodies = new Map(entries.map((entry) => [`${entry.sender} ${entry.clientMsgId}`, entry.body]));
        const existing = outcome.reason.existing.map((entry) => ({
          ...entry,
          body: bodies.get(`${entry.sender} ${entry.clientMsgId}`) ?? entry.body,
        }));
        return { kind: 'refused', reason: { kind: 'duplicate', existing } };
      },
    })),
  },
  {
    name: 'the app sends before it has kept what it sends',
    breaks: ['INV 9'],
    plants: {
      store: (store) => ({
        load: () => store.load(),
        savePending: () => undefined,
        removePending: (ids) => store.removePending(ids),
        saveCursors: (cursors) => store.saveCursors(cursors),
        reset: (owner) => store.reset(owner),
      }),
    },
  },
  {
    name: 'the client is told that its queue is empty before it is',
    breaks: ['INV 11'],
    plants: {
      rewriteDown: (_connection, text) =>
        text.includes('"type":"welcome"') ? [`${text.slice(0, -1)},{"type":"queue_empty"}]`] : [text],
    },
  },
  {
    name: 'what continues the cursor is pushed with a hole before it',
    breaks: ['INV 4'],
    plants: {
      rewriteDown: (_connection, text) => [
        rewriteFrames<Down>((frame) =>
          frame.type === 'pulled' && frame.entries.length > 3
            ? {
                ...frame,
                entries: frame.entries
                  .filter((_, index) => index !== 1)
                  .map((entry, index) => (index === 1 ? { ...entry, from: entry.seq - 2 } : entry)),
              }
            : frame,
        )(text),
      ],
    },
  },
];

export const PLANTED_BUGS: readonly PlantedBug[] = [...STORES, ...FRAMES];
