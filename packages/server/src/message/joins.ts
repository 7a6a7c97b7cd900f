// Those who wait to join a conversation. They share an entry: in a large group with all who come within a second.
import type { UserId } from '@parley/protocol/ids';
import type { Member } from '@parley/protocol/role';
import type { NewEntry } from '@parley/ports/message-store';
import type { Timer, Timers } from '@parley/ports/timers';
import { keyOf, type Batch, type Filling } from './batch.ts';
import { JOIN_WINDOW_MS, JOINS_PER_ENTRY_MAX_COUNT } from './limits.ts';
import { failed, ID_REUSED, UNAVAILABLE, type Join, type JoinOutcome } from './submission.ts';

type Window = { readonly kind: 'none' | 'over' } | { readonly kind: 'open'; readonly timer: Timer };

export class Joins {
  readonly #timers: Timers;
  readonly #wake: () => void;
  #waiting: Join[] = [];
  #window: Window = { kind: 'none' };

  /** `wake` is called when those who waited in a large group may go on. */
  constructor(timers: Timers, wake: () => void) {
    this.#timers = timers;
    this.#wake = wake;
  }

  get count(): number {
    return this.#waiting.length;
  }

  add(join: Join): void {
    this.#waiting.push(join);
  }

  /** Whether some are to be let in now. In a large group the first of them opens a window, and all go when it is over. */
  areDue(isLarge: boolean): boolean {
    if (this.#waiting.length === 0) return false;
    if (!isLarge || this.#window.kind === 'over') return true;
    if (this.#window.kind === 'none') {
      const timer = this.#timers.after(JOIN_WINDOW_MS, () => {
        this.#window = { kind: 'over' };
        this.#wake();
      });
      this.#window = { kind: 'open', timer };
    }
    return false;
  }

  /** As many as fit into one entry. */
  take(): Join[] {
    this.#close();
    return this.#waiting.splice(0, JOINS_PER_ENTRY_MAX_COUNT);
  }

  /** Nobody is let in any more. */
  takeAll(): Join[] {
    this.#close();
    return this.#waiting.splice(0);
  }

  #close(): void {
    if (this.#window.kind === 'open') this.#window.timer.cancel();
    this.#window = { kind: 'none' };
  }
}

/** One entry for all of them; those who may not come, or are in, are answered with the rest. */
export function addJoins(batch: Batch, joins: readonly Join[], { loaded, context, at }: Filling): void {
  const joining = new Set<UserId>();
  let outcome: JoinOutcome = failed(UNAVAILABLE);
  for (const join of joins) batch.take(join);
  for (const join of joins) {
    const decided = join.decide(loaded.roster, joining.size);
    if (decided === 'joins') joining.add(join.sender);
    batch.onAnswer(() =>
      batch.end(join, () => {
        if (decided === 'joins') join.done(outcome);
        else join.done(decided === 'member' ? { kind: 'member' } : failed(decided.fault));
      }),
    );
  }
  const [first] = joining;
  if (first === undefined) return;
  const members = [...joining].map((user_id): Member => ({ user_id, role: 'member' }));
  const messageId = context.ids.next() as NewEntry['messageId'];
  const entry: NewEntry = {
    kind: 'members_joined',
    messageId,
    sender: first,
    clientMsgId: `join:${messageId}` as NewEntry['clientMsgId'],
    at,
    body: JSON.stringify({ members }),
  };
  batch.add(
    {
      key: keyOf(first, entry.clientMsgId),
      kind: entry.kind,
      body: entry.body,
      matches: () => false,
      acceptedAt: joins[0]?.acceptedAt ?? at,
      end: (ended) => {
        if (ended.kind === 'stored') outcome = { kind: 'member' };
        // Somebody wrote under the very id that this entry has: the next try has another one.
        else outcome = ended.fault === ID_REUSED ? failed(UNAVAILABLE) : ended;
      },
    },
    entry,
  );
}
