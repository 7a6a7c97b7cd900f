// The message store in memory, with faults that a test or the simulator decides.
import {
  APPEND_ENTRIES_MAX_COUNT,
  type AppendOutcome,
  type ClaimOutcome,
  type LogState,
  type MessageStore,
  type NewEntry,
  type Page,
  type ReadRange,
  type StoredEntry,
  type StoredState,
  type Token,
} from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import type { ClientMsgId, ConversationId, MessageId, Seq, UserId } from '@parley/protocol/ids';
import {
  appendTo,
  dropFrom,
  emptyLog,
  eraseFrom,
  keyOf,
  putStatesIn,
  readFrom,
  stateOf,
  statesIn,
} from './conversation-log.ts';
import { type DecideFault, LostRaceError, MemoryHandle } from './memory-handle.ts';
import type { LogRows, MemoryWorld, WorldState } from './memory-world.ts';

export class MemoryMessageStore implements MessageStore {
  readonly logId: string;
  readonly #handle: MemoryHandle;

  constructor(world: MemoryWorld, fault?: DecideFault) {
    this.logId = world.logId;
    this.#handle = new MemoryHandle({ world, store: 'messages', fault });
  }

  async claim(conversation: ConversationId, token: Token): Promise<ClaimOutcome> {
    try {
      return await this.#handle.call({ method: 'claim', conversation }, (state) => {
        const log = logFor(state, conversation);
        log.token = token;
        return { kind: 'claimed', head: log.head, floor: log.floor };
      });
    } catch (error) {
      if (error instanceof LostRaceError) return { kind: 'refused' };
      if (error instanceof StoreError && error.kind === 'outcome_unknown') return { kind: 'unknown' };
      throw error;
    }
  }

  async append(
    conversation: ConversationId,
    token: Token,
    expectedHead: Seq,
    entries: readonly NewEntry[],
  ): Promise<AppendOutcome> {
    checkEntries(entries);
    try {
      return await this.#handle.call({ method: 'append', conversation, entries }, (state) =>
        appendTo(state.logs.get(conversation) ?? emptyLog(), token, expectedHead, entries),
      );
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.kind === 'outcome_unknown') return { kind: 'unknown' };
      return { kind: 'refused', reason: { kind: error.kind } };
    }
  }

  state(conversation: ConversationId): Promise<LogState> {
    return this.#handle.call({ method: 'state' }, (state) =>
      stateOf(state.logs.get(conversation) ?? emptyLog()),
    );
  }

  read(range: ReadRange): Promise<Page> {
    return this.#handle.call({ method: 'read' }, (state) =>
      readFrom(state.logs.get(range.conversation) ?? emptyLog(), range),
    );
  }

  find(
    conversation: ConversationId,
    sender: UserId,
    clientMsgIds: readonly ClientMsgId[],
  ): Promise<readonly StoredEntry[]> {
    return this.#handle.call({ method: 'find' }, (state) => {
      const log = state.logs.get(conversation);
      return clientMsgIds.flatMap((clientMsgId) => log?.byKey.get(keyOf({ sender, clientMsgId })) ?? []);
    });
  }

  locate(messageId: MessageId): Promise<{ conversation: ConversationId; entry: StoredEntry } | undefined> {
    return this.#handle.call({ method: 'locate' }, (state) => {
      for (const [conversation, log] of state.logs) {
        const entry = log.rows.find((row) => row.messageId === messageId);
        if (entry !== undefined) return { conversation, entry };
      }
      return undefined;
    });
  }

  lastSentAt(conversation: ConversationId, sender: UserId): Promise<number | undefined> {
    return this.#handle.call({ method: 'lastSentAt' }, (state) => {
      const rows = state.logs.get(conversation)?.rows ?? [];
      return rows.findLast((row) => row.kind === 'message' && row.sender === sender)?.at;
    });
  }

  states(conversation: ConversationId, seqs: readonly Seq[]): Promise<readonly StoredState[]> {
    return this.#handle.call({ method: 'states' }, (state) =>
      statesIn(state.logs.get(conversation) ?? emptyLog(), seqs),
    );
  }

  putStates(conversation: ConversationId, states: readonly StoredState[]): Promise<void> {
    return this.#handle.call({ method: 'putStates', conversation }, (state) => {
      const log = state.logs.get(conversation);
      if (log !== undefined) putStatesIn(log, states);
    });
  }

  erase(conversation: ConversationId, seqs: readonly Seq[], body: string): Promise<void> {
    return this.#handle.call({ method: 'erase', conversation }, (state) => {
      const log = state.logs.get(conversation);
      if (log !== undefined) eraseFrom(log, seqs, body);
    });
  }

  drop(conversation: ConversationId, through: Seq): Promise<void> {
    return this.#handle.call({ method: 'drop', conversation }, (state) => {
      const log = state.logs.get(conversation);
      if (log !== undefined) dropFrom(log, through);
    });
  }

  olderThan(before: number, limit: number): Promise<readonly ConversationId[]> {
    return this.#handle.call({ method: 'olderThan' }, (state) => {
      const older: ConversationId[] = [];
      for (const [conversation, log] of state.logs) {
        if (older.length === limit) break;
        const [oldest] = log.rows;
        if (oldest !== undefined && oldest.at < before) older.push(conversation);
      }
      return older;
    });
  }

  /**
   * The process that holds this store dies: calls that had no effect yet never have one, those that had keep it, and
   * appends and claims among them are answered with `unknown`. Open another store on the same world to go on.
   */
  crash(): void {
    this.#handle.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

function logFor(state: WorldState, conversation: ConversationId): LogRows {
  const there = state.logs.get(conversation);
  if (there !== undefined) return there;
  const log = emptyLog();
  state.logs.set(conversation, log);
  return log;
}

function checkEntries(entries: readonly NewEntry[]): void {
  if (entries.length === 0 || entries.length > APPEND_ENTRIES_MAX_COUNT) {
    throw new RangeError(`an append takes 1 to ${APPEND_ENTRIES_MAX_COUNT} entries, not ${entries.length}`);
  }
  if (new Set(entries.map(keyOf)).size !== entries.length) {
    throw new Error('two entries of one append have the same sender and clientMsgId');
  }
}
