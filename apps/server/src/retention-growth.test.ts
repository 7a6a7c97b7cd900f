// Retention makes room that is used again: neither the file nor any table grows with how long a server has run.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ConversationId, DeviceId, UserId } from '@parley/protocol/ids';
import type { NewEntry, Token } from '@parley/ports/message-store';
import type { SqliteStores } from '@parley/adapter-sqlite/open-sqlite';
import { openStores, QUIET, TestFolder } from '@parley/adapter-sqlite/test-folder';
import { Retention } from '@parley/server/message/retention';

const DAY_MS = 86_400_000;
const KEEP_MS = 30 * DAY_MS;
const ROUNDS = 5;
/** Of one round, in each conversation. A tenth of it is young enough to stay. */
const APPENDS = 10;
/** Three of the blocks in which messages are counted by sender, so that every round has as many of them. */
const PER_APPEND = 192;
const PER_ROUND = APPENDS * PER_APPEND;
/** Pages that a free list and half-filled nodes may take beyond what the same data took at first. */
const SLACK = 1.15;
const TOKEN = '00000000000000aa' as Token;
const CONVERSATIONS = ['501', '502', '503'] as ConversationId[];
const USERS = ['11', '12', '13', '14'] as UserId[];
const DEVICES = ['71', '72'] as DeviceId[];
const TIMEOUT_MS = 60_000;

interface Sizes {
  readonly pages: number;
  readonly rows: ReadonlyMap<string, number>;
}

/** Pages of the file, the free ones included, and rows of every table. */
function sizesOf(directory: string): Sizes {
  using database = new Database(join(directory, 'parley.db'), { readonly: true });
  const one = (sql: string) => database.query<{ value: number }, []>(sql).get()?.value ?? 0;
  const tables = database
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .all();
  const rows = tables.map(({ name }) => [name, one(`SELECT count(*) AS value FROM ${name}`)] as const);
  return { pages: one('SELECT page_count AS value FROM pragma_page_count'), rows: new Map(rows) };
}

class Room {
  readonly #stores: SqliteStores;
  readonly #id: ConversationId;
  #head = 0;
  #made = 0;

  constructor(stores: SqliteStores, id: ConversationId) {
    this.#stores = stores;
    this.#id = id;
  }

  async begin(): Promise<void> {
    const { members, messages, personal } = this.#stores;
    const [createdBy] = USERS as [UserId];
    const record = { clientMsgId: `g-${this.#id}` as never, title: 'room', history: 'all' as const };
    await members.createConversation({ id: this.#id, createdBy, kind: 'group', ...record });
    const memberships = USERS.map((user) => {
      return { user, role: 'member' as const, joinedSeq: 1, visibleAfter: 0, leftSeq: undefined };
    });
    await members.apply(this.#id, [{ seq: 1, title: undefined, memberships }]);
    await messages.claim(this.#id, TOKEN);
    await personal.begin(this.#id, USERS, 0);
  }

  /** As the server does it: entries, then what follows from them, then how far the members are. */
  async append(at: number): Promise<void> {
    const { messages, personal, queue } = this.#stores;
    const from = this.#head + 1;
    const entries = Array.from({ length: PER_APPEND }, (_, index) =>
      this.#entry(index, at + index, from + index),
    );
    expect(await messages.append(this.#id, TOKEN, this.#head, entries)).toMatchObject({ kind: 'applied' });
    this.#head += PER_APPEND;
    const changed = entries.flatMap(({ kind }, index) => (kind === 'message' ? [] : [from + index]));
    const states = changed.map((asOf) => ({ seq: asOf - 1, asOf, body: `{"as_of":${asOf}}`.padEnd(150) }));
    await messages.putStates(this.#id, states);
    const sender = USERS[0] as UserId;
    const mention = (seq: number, everyone: boolean) => ({ seq, sender, users: USERS, everyone, asOf: seq });
    await Promise.all([
      personal.setMentions(this.#id, [mention(from + 1, true), mention(from + 5, false)]),
      messages.erase(this.#id, [from + 2], '{"content":{"kind":"deleted"}}'),
      queue.advance(this.#id, this.#head, USERS),
    ]);
    await Promise.all(USERS.map((user, behind) => this.#follows(user, this.#head - 10 * behind, at)));
  }

  /** A user's two devices have so much, and nearly all of it is read. */
  async #follows(user: UserId, seq: number, at: number): Promise<void> {
    const { personal, queue, receipts } = this.#stores;
    const own = { conversation: this.#id, user, at, timed: true };
    const devices = DEVICES.map((device) => `${device}${user}` as DeviceId);
    await Promise.all([
      ...devices.map((device) => queue.markReceived(user, device, [{ conversation: this.#id, seq }])),
      personal.read(user, this.#id, seq - 5),
      receipts.raise([
        ...devices.map((device) => ({ ...own, device, seq })),
        { ...own, device: undefined, seq: seq - 5 },
      ]),
    ]);
  }

  #entry(index: number, at: number, seq: number): NewEntry {
    this.#made += 1;
    const kind = index % 10 === 9 ? 'reaction_added' : 'message';
    const text = `${this.#id} ${seq} `.padEnd(100 + (index % 7) * 60, 'text ');
    const fields = kind === 'message' ? { content: { kind: 'text', text } } : { target: seq - 1, emoji: '+' };
    const messageId = `${this.#id}${String(this.#made).padStart(8, '0')}`;
    const sender = USERS[Math.floor(index / 3) % USERS.length] as UserId;
    const clientMsgId = `c-${messageId}`;
    return { kind, messageId, sender, clientMsgId, at, body: JSON.stringify(fields) } as NewEntry;
  }
}

/** Appends a round of which the last tenth is a month younger than the rest. Returns the time after it. */
async function fill(rooms: readonly Room[], start: number): Promise<number> {
  for (let append = 0; append < APPENDS; append++) {
    const at = start + (append === APPENDS - 1 ? KEEP_MS : 0) + append * PER_APPEND;
    await Promise.all(rooms.map((room) => room.append(at)));
  }
  return start + KEEP_MS + DAY_MS;
}

test(
  '[PITFALL: a background clean-up grows the data] round after round of retention and as many new messages the file and every table stay as they were',
  async () => {
    using folder = new TestFolder();
    await using stores = await openStores(folder.directory);
    const { messages, personal, receipts } = stores;
    const rooms = CONVERSATIONS.map((id) => new Room(stores, id));
    for (const room of rooms) await room.begin();
    let now = 1_700_000_000_000;
    const clock = { now: () => now, monotonic: () => now };
    const retention = new Retention({ messages, personal, receipts, clock, log: QUIET, keepMs: KEEP_MS });
    const full: Sizes[] = [];
    const emptied: Sizes[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      now = await fill(rooms, now);
      full.push(sizesOf(folder.directory));
      expect(await retention.pass()).toBe(CONVERSATIONS.length);
      emptied.push(sizesOf(folder.directory));
      // The next pass finds nothing, and writes nothing.
      expect(await retention.pass()).toBe(0);
    }
    const [first] = full as [Sizes];
    const kept = PER_APPEND * CONVERSATIONS.length;
    expect(first.rows.get('entries')).toBe(PER_ROUND * CONVERSATIONS.length);
    // From the second round on, what stayed of the one before is there as well.
    const share = 1 + 1 / APPENDS;
    for (const { pages } of [...full, ...emptied]) expect(pages).toBeLessThan(first.pages * share * SLACK);
    for (const { rows } of emptied) expect(rows.get('entries')).toBe(kept);
    for (const [table, count] of full.at(-1)?.rows ?? [])
      expect([table, count]).toEqual([table, full[1]?.rows.get(table) ?? -1]);
    for (const [table, count] of emptied.at(-1)?.rows ?? []) {
      expect([table, count]).toEqual([table, emptied[0]?.rows.get(table) ?? -1]);
      expect(count).toBeLessThanOrEqual(first.rows.get(table) ?? 0);
    }
    const shrinking = ['entries', 'states', 'sent_counts', 'change_counts', 'mentions', 'receipt_steps'];
    for (const table of shrinking)
      expect(emptied.at(-1)?.rows.get(table) ?? 0).toBeLessThan((first.rows.get(table) ?? 0) / 2);
  },
  TIMEOUT_MS,
);
