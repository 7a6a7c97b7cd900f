// Checks every frame as it is written, as it arrives and against the store at that very moment.
import type { MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { StoredEntry } from '@parley/ports/message-store';
import type { Down } from '@parley/protocol/down';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { Send, SendResult } from '@parley/protocol/send';
import type { Up } from '@parley/protocol/up';
import { Attempts } from './attempts.ts';
import type { Connection } from './connection.ts';
import { fingerprintOfRow, fingerprintOfWire, type WireEntry } from './fingerprint.ts';
import type { Installation } from './installation.ts';
import type { LogFolds } from './log-fold.ts';
import type { Tap } from './network.ts';
import type { Trace } from './trace.ts';
import type { Invariant, Violations } from './violations.ts';

interface Identity {
  readonly user: string;
  readonly device: string;
  /** Per conversation, the last seq that had been acknowledged to anybody when the session was let in. */
  readonly acknowledged: ReadonlyMap<string, Seq>;
}

export interface WireCheckerOptions {
  readonly world: MemoryWorld;
  readonly folds: LogFolds;
  readonly trace: Trace;
  readonly violations: Violations;
  readonly installationOf: (device: string) => Installation | undefined;
}

export class WireChecker implements Tap {
  readonly attempts = new Attempts();
  readonly #options: WireCheckerOptions;
  readonly #identities = new WeakMap<Connection, Identity>();
  /** By conversation: the last seq that was acknowledged to anybody. */
  readonly #acknowledged = new Map<string, Seq>();
  /** By conversation and seq: what was first seen there, and by whom. */
  readonly #first = new Map<string, string>();
  /** By user and client_msg_id: what was first answered. */
  readonly #answers = new Map<string, string>();
  /** By connection, ref and client_msg_id: the content that a server was asked to store. */
  readonly #asked = new Map<string, string>();
  /** When a message_id was first seen, by the true clock. */
  readonly firstSeenMs = new Map<string, number>();
  framesCount = 0;

  constructor(options: WireCheckerOptions) {
    this.#options = options;
  }

  sent(connection: Connection, text: string): void {
    this.#options.trace.note(`${connection.id} < ${text}`);
    for (const frame of JSON.parse(text) as Down[]) this.#sent(connection, frame);
  }

  delivered(connection: Connection, text: string): void {
    this.#options.trace.note(`${connection.id} got ${text.length} units`);
    for (const frame of JSON.parse(text) as Down[]) this.#delivered(connection, frame);
  }

  received(connection: Connection, text: string): void {
    this.#options.trace.note(`${connection.id} > ${text}`);
    for (const frame of JSON.parse(text) as Up[]) this.#received(connection, frame);
  }

  /** The same seq must have the same content wherever it is seen. */
  see(conversation: string, seq: Seq, fingerprint: string, where: string): void {
    const key = `${conversation} ${seq}`;
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, fingerprint);
    else if (first !== fingerprint) {
      this.#bad(
        'INV 2',
        `conversation ${conversation}, seq ${seq}, ${where}: ${fingerprint} and before ${first}`,
        conversation,
      );
    }
  }

  /** Up to here a conversation's entries and their effects were complete. */
  acknowledgedTo(conversation: string): Seq {
    return this.#acknowledged.get(conversation) ?? 0;
  }

  #sent(connection: Connection, frame: Down): void {
    this.framesCount += 1;
    switch (frame.type) {
      case 'welcome': {
        const { user_id: user, device_id: device } = frame;
        this.#identities.set(connection, { user, device, acknowledged: new Map(this.#acknowledged) });
        return;
      }
      case 'entries':
        return this.#entries(connection, frame.conversation_id, frame.entries);
      case 'pulled':
        return this.#entries(connection, frame.conversation_id, frame.entries);
      case 'heads':
        for (const row of frame.rows) this.#head(connection, row.conversation_id, row.head);
        return;
      case 'sent':
        return this.#sends(connection, frame.ref, frame.conversation_id, frame.results);
      case 'changed': {
        const [key = ''] = this.attempts.keysOf(connection, frame.ref);
        this.#stored(key, frame.conversation_id, frame);
        return this.#answered(connection, frame.ref, () => false);
      }
      case 'error': {
        const { ref, code } = frame;
        if (ref !== undefined) this.#answered(connection, ref, () => code !== 'outcome_unknown');
        return;
      }
      case 'conversation':
        return this.#answered(connection, frame.ref, () => false);
      default:
        return;
    }
  }

  #delivered(connection: Connection, frame: Down): void {
    if (frame.type === 'entries' || frame.type === 'pulled') {
      for (const entry of frame.entries) {
        this.see(frame.conversation_id, entry.seq, fingerprintOfWire(entry), `at ${connection.client.name}`);
      }
    }
    if (frame.type === 'queue_empty') this.#queueEmpty(connection);
  }

  #received(connection: Connection, frame: Up): void {
    const user = this.#identities.get(connection)?.user;
    if (user === undefined) return;
    if (frame.type === 'send') {
      const keys = frame.messages.map(({ client_msg_id }) => `${user} ${client_msg_id}`);
      this.attempts.arrived(connection, frame.ref, keys);
      this.#asks(connection, frame);
    } else if (frame.type === 'received') {
      for (const { conversation_id, seq } of frame.marks) this.#mark(connection, conversation_id, seq);
    } else if ('client_msg_id' in frame) {
      this.attempts.arrived(connection, frame.ref, [`${user} ${frame.client_msg_id}`]);
    }
  }

  #asks(connection: Connection, { ref, conversation_id, messages }: Send): void {
    const installation = this.#options.installationOf(this.#identities.get(connection)?.device ?? '');
    for (const { client_msg_id, content } of messages) {
      this.#asked.set(`${connection.id} ${ref} ${client_msg_id}`, JSON.stringify({ content }));
      // Else a crash of the app would leave undecided for ever what the server may have stored.
      if (installation?.disk.kept.has(client_msg_id) !== false) continue;
      this.#bad('INV 9', `${client_msg_id} was sent before it was kept`, conversation_id);
    }
  }

  #entries(connection: Connection, conversation: string, entries: readonly WireEntry[]): void {
    const { folds, trace } = this.#options;
    const user = this.#identities.get(connection)?.user ?? 'nobody';
    const fold = folds.of(conversation);
    for (const entry of entries) {
      const row = this.#row(conversation, entry.seq);
      if (row === undefined) {
        this.#bad(
          'INV 8',
          `conversation ${conversation}, seq ${entry.seq} is sent and not stored`,
          conversation,
        );
      } else {
        this.see(conversation, entry.seq, fingerprintOfRow(row), 'in the store');
      }
      this.see(conversation, entry.seq, fingerprintOfWire(entry), `by ${connection.node?.name}`);
      if (!this.firstSeenMs.has(entry.message_id)) this.firstSeenMs.set(entry.message_id, trace.nowMs);
      if (!fold.mayRead(user, entry.seq)) {
        this.#bad(
          'INV 15',
          `user ${user} is sent ${conversation}, seq ${entry.seq}, which is not theirs`,
          conversation,
        );
      }
    }
  }

  #head(connection: Connection, conversation: string, head: Seq): void {
    const { user } = this.#identities.get(connection) ?? { user: 'nobody' };
    const stay = this.#options.folds.of(conversation).lastStay(user);
    if (stay === undefined || head > (stay.to ?? Infinity)) {
      this.#bad('INV 15', `user ${user} is told of head ${head} of ${conversation}`, conversation);
    }
    const committed = this.#options.world.state.logs.get(conversation as ConversationId)?.head ?? 0;
    if (head > committed) this.#bad('INV 8', `head ${head} of ${conversation} is not stored`, conversation);
  }

  #sends(connection: Connection, ref: number, conversation: string, results: readonly SendResult[]): void {
    const user = this.#identities.get(connection)?.user ?? 'nobody';
    const unknown = new Set<string>();
    for (const result of results) {
      const key = `${user} ${result.client_msg_id}`;
      if ('seq' in result) {
        this.#stored(key, conversation, result);
        const body = this.#asked.get(`${connection.id} ${ref} ${result.client_msg_id}`);
        const row = this.#row(conversation, result.seq);
        if (row !== undefined && row.body !== body) {
          this.#bad('INV 6', `${key} is acknowledged, and ${row.body} is stored for ${body}`, conversation);
        }
      }
      if ('seq' in result || result.error.code === 'outcome_unknown') unknown.add(key);
    }
    this.#answered(connection, ref, (key) => !unknown.has(key));
  }

  /** What is refused, and what no other request may have stored, is not in the store. */
  #answered(connection: Connection, ref: number, isRefused: (key: string) => boolean): void {
    for (const key of this.attempts.answered(connection, ref, isRefused)) {
      for (const [conversation, log] of this.#options.world.state.logs) {
        const row = log.byKey.get(key);
        if (row !== undefined)
          this.#bad('INV 9', `${key} is refused, and is ${conversation}, seq ${row.seq}`, conversation);
      }
    }
  }

  #stored(
    key: string,
    conversation: string,
    answer: { readonly seq: Seq; readonly message_id: string },
  ): void {
    const { seq, message_id } = answer;
    const row = this.#row(conversation, seq);
    const isThere = row?.messageId === message_id && `${row.sender} ${row.clientMsgId}` === key;
    if (!isThere)
      this.#bad(
        'INV 8',
        `${key} is acknowledged as ${conversation}, seq ${seq} and is not stored so`,
        conversation,
      );
    const text = `${conversation} ${seq} ${message_id}`;
    const first = this.#answers.get(key);
    if (first === undefined) this.#answers.set(key, text);
    else if (first !== text)
      this.#bad('INV 6', `${key} is answered with ${text}, and before with ${first}`, conversation);
    this.#acknowledged.set(conversation, Math.max(seq, this.#acknowledged.get(conversation) ?? 0));
  }

  /** A device confirms only what its app has. */
  #mark(connection: Connection, conversation: string, seq: Seq): void {
    const { user, device } = this.#identities.get(connection) ?? { user: '', device: '' };
    const { visibleAfter } = this.#options.folds.of(conversation).lastStay(user) ?? { visibleAfter: 0 };
    const covered = Math.max(
      visibleAfter,
      this.#options.installationOf(device)?.views.get(conversation)?.coveredTo ?? 0,
    );
    if (seq > covered)
      this.#bad(
        'INV 12',
        `device ${device} confirms ${seq} of ${conversation} and has ${covered}`,
        conversation,
      );
  }

  /** All that was acknowledged before the session began, and is this user's, is with the app by now. */
  #queueEmpty(connection: Connection): void {
    const identity = this.#identities.get(connection);
    const installation = this.#options.installationOf(identity?.device ?? '');
    if (identity === undefined || installation === undefined) return;
    for (const [conversation, head] of identity.acknowledged) {
      const fold = this.#options.folds.of(conversation);
      const stay = fold.lastStay(identity.user);
      if (stay === undefined) continue;
      const covered = installation.views.get(conversation)?.coveredTo ?? 0;
      for (let seq = Math.max(covered, stay.visibleAfter) + 1; seq <= head; seq++) {
        if (!fold.wasIn(identity.user, seq)) continue;
        this.#bad(
          'INV 11',
          `${installation.name} is told that its queue is empty and lacks ${conversation}, seq ${seq}`,
          conversation,
        );
        break;
      }
    }
  }

  #row(conversation: string, seq: Seq): StoredEntry | undefined {
    const rows = this.#options.world.state.logs.get(conversation as ConversationId)?.rows ?? [];
    const likely = rows[seq - 1];
    return likely?.seq === seq ? likely : rows.find((row) => row.seq === seq);
  }

  #bad(invariant: Invariant, what: string, conversation: string): void {
    this.#options.violations.add(invariant, what, [`"${conversation}"`, ...ALWAYS_SHOWN]);
  }
}

/** Words of events that matter to every conversation. */
export const ALWAYS_SHOWN = ['crashes', 'starts', 'drains', 'logs:', 'closed by', 'is cut', 'goes silent'];
