// Tells the members of a large group who do not look at it how far it has gone: once a second, a slice at a time.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { HeadRow } from '@parley/protocol/log';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { MessageStore } from '@parley/ports/message-store';
import type { Timers } from '@parley/ports/timers';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import type { Viewers } from '../connection/viewers.ts';
import type { Roster } from '../group/roster.ts';
import { HEADS_INTERVAL_MS, HEADS_PER_TURN_MAX_COUNT } from './limits.ts';

export interface LargeGroupsParts {
  readonly sessions: LiveSessions;
  readonly viewers: Viewers;
  readonly messages: MessageStore;
  /** What a device received, also what is not stored yet. */
  readonly received: (
    user: UserId,
    device: DeviceId,
    conversations: readonly ConversationId[],
  ) => Promise<ReadonlyMap<ConversationId, Seq>>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** There from the first entry until a second has passed without one. */
interface Move {
  roster: Roster;
  head: Seq;
  /** Entries came that the members have not been told of. */
  isNews: boolean;
  /** Sessions that view the group since before then got all of those entries. */
  since: number;
}

export class LargeGroups {
  readonly #parts: LargeGroupsParts;
  readonly #moves = new Map<ConversationId, Move>();

  constructor(parts: LargeGroupsParts) {
    this.#parts = parts;
  }

  /** Groups of which members are being told, or were within the last second. */
  get size(): number {
    return this.#moves.size;
  }

  /** The group has new entries, which those who view it have got. */
  moved(conversation: ConversationId, roster: Roster, head: Seq): void {
    const { viewers, timers } = this.#parts;
    const present = this.#moves.get(conversation);
    if (present === undefined) {
      const move: Move = { roster, head, isNews: true, since: viewers.now };
      this.#moves.set(conversation, move);
      // `#tell` does not reject.
      timers.after(0, () => void this.#tell(conversation, move));
      return;
    }
    if (!present.isNews) present.since = viewers.now;
    present.isNews = true;
    present.roster = roster;
    present.head = head;
  }

  async #tell(conversation: ConversationId, move: Move): Promise<void> {
    const { clock, timers, log } = this.#parts;
    const beganMs = clock.monotonic();
    const { head, since } = move;
    move.isNews = false;
    try {
      const { floor } = await this.#parts.messages.state(conversation);
      const row = { conversation_id: conversation, head, floor: Math.min(floor, head) };
      let slice: LiveSession[] = [];
      for (const session of this.#others(conversation, move.roster, since)) {
        slice.push(session);
        if (slice.length < HEADS_PER_TURN_MAX_COUNT) continue;
        await this.#push(slice, row, move);
        slice = [];
        await this.#turn();
      }
      await this.#push(slice, row, move);
    } catch (error) {
      // They look for themselves once a minute.
      log.warn({ conversation, error }, 'members of a large group could not be told of its head');
    }
    timers.after(Math.max(0, beganMs + HEADS_INTERVAL_MS - clock.monotonic()), () => {
      // `#tell` does not reject.
      if (move.isNews) void this.#tell(conversation, move);
      else this.#moves.delete(conversation);
    });
  }

  /** Connected members, but for sessions that were pushed the entries. Found from whichever are fewer. */
  *#others(conversation: ConversationId, roster: Roster, since: number): Generator<LiveSession> {
    const { sessions, viewers } = this.#parts;
    const members = roster.active;
    for (const user of members.length <= sessions.userCount ? members : sessions.users()) {
      if (!roster.isMember(user)) continue;
      for (const session of sessions.of(user)) {
        const viewing = viewers.of(conversation).get(session);
        if (viewing === undefined || viewing > since) yield session;
      }
    }
  }

  /** Who has it all by now is told nothing, and who was put out meanwhile may not know of what came after. */
  async #push(slice: readonly LiveSession[], row: Omit<HeadRow, 'received'>, move: Move): Promise<void> {
    const { sessions, received } = this.#parts;
    const id = row.conversation_id;
    const marks = await Promise.all(slice.map(({ user, device }) => received(user, device, [id])));
    for (const [index, session] of slice.entries()) {
      const mark = marks[index]?.get(id) ?? 0;
      if (mark >= row.head || !move.roster.isMember(session.user) || !sessions.holds(session)) continue;
      const { head, floor } = row;
      session.push(
        `{"type":"heads","rows":[{"conversation_id":"${id}","head":${head},"floor":${floor},"received":${mark}}]}`,
      );
    }
  }

  #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.timers.after(0, resolve);
    return promise;
  }
}
