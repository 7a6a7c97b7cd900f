// What is appended together, and who waits for it: two who ask for the same share an entry, and each is answered once.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Fault } from '@parley/protocol/error-code';
import type { NewEntry, StoredEntry } from '@parley/ports/message-store';
import type { Loaded } from './conversation-owner.ts';
import type { OwnerContext } from './owner-context.ts';
import { endAll, failed, ID_REUSED, stored, type Outcome, type Submission } from './submission.ts';

/** One message or change of the batch, its outcome still open. Two with the same key share one entry. */
export interface Part {
  readonly key: string;
  readonly kind: string;
  readonly body: string;
  readonly matches: (body: string) => boolean;
  /** When the owner took what it is a part of. */
  readonly acceptedAt: number;
  readonly end: (outcome: Outcome) => void;
}

/** What is appended together, and who waits for it. */
export class Batch {
  #entries: NewEntry[] = [];
  /** Of each of the entries. */
  #acceptedAt: number[] = [];
  readonly #open = new Map<string, Part[]>();
  readonly #answers: (() => void)[] = [];
  readonly #unanswered = new Set<Submission>();
  /** What it took from the queue, also what it refused. */
  readonly taken: Submission[] = [];

  get entries(): readonly NewEntry[] {
    return this.#entries;
  }

  /** When each of the entries came to the owner. */
  get acceptedAt(): readonly number[] {
    return this.#acceptedAt;
  }

  /** From here on it answers for the submission. */
  take(submission: Submission): void {
    this.taken.push(submission);
    this.#unanswered.add(submission);
  }

  /** Answers a submission by the call, unless it was answered before. */
  end(submission: Submission, call: () => void): void {
    if (this.#unanswered.delete(submission)) call();
  }

  /** Something failed that should not: whoever has no answer yet gets this one. */
  abandon(reason: Fault): void {
    for (const submission of this.#unanswered) this.end(submission, () => endAll(submission, reason));
  }

  add(part: Part, entry: NewEntry): void {
    const same = this.#open.get(part.key);
    if (same === undefined) {
      this.#open.set(part.key, [part]);
      this.#entries.push(entry);
      this.#acceptedAt.push(part.acceptedAt);
    } else if (part.matches(same[0]?.body ?? '')) {
      same.push(part);
    } else {
      part.end(failed(ID_REUSED));
    }
  }

  /** Called once the whole batch is decided. */
  onAnswer(call: () => void): void {
    this.#answers.push(call);
  }

  /** Some entries were stored before: ends their parts with what was stored then, and returns the others. */
  withoutDuplicates(existing: readonly StoredEntry[]): readonly NewEntry[] {
    const found = new Set<string>();
    for (const entry of existing) {
      const key = keyOf(entry.sender, entry.clientMsgId);
      found.add(key);
      this.#end(key, (part) => {
        return entry.kind === part.kind && part.matches(entry.body) ? stored(entry) : failed(ID_REUSED);
      });
    }
    const isNew = this.#entries.map((entry) => !found.has(keyOf(entry.sender, entry.clientMsgId)));
    this.#entries = this.#entries.filter((_, index) => isNew[index]);
    this.#acceptedAt = this.#acceptedAt.filter((_, index) => isNew[index]);
    return this.#entries;
  }

  stored(entries: readonly StoredEntry[]): void {
    for (const entry of entries) this.#end(keyOf(entry.sender, entry.clientMsgId), () => stored(entry));
  }

  fail(reason: Fault): void {
    for (const key of this.#open.keys()) this.#end(key, () => failed(reason));
  }

  answer(): void {
    for (const call of this.#answers) call();
  }

  #end(key: string, outcome: (part: Part) => Outcome): void {
    for (const part of this.#open.get(key) ?? []) part.end(outcome(part));
    this.#open.delete(key);
  }
}

export function keyOf(sender: UserId, clientMsgId: string): string {
  return `${sender} ${clientMsgId}`;
}

/** What a batch is formed from. */
export interface Filling {
  readonly loaded: Loaded;
  readonly context: OwnerContext;
  readonly conversation: ConversationId;
  /** The time of its entries. */
  readonly at: number;
}
