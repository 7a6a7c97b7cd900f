// Forms the next append from what waits: checks membership, drops what was sent before, numbers what remains.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Fault } from '@parley/protocol/error-code';
import { APPEND_ENTRIES_MAX_COUNT, type NewEntry, type StoredEntry } from '@parley/ports/message-store';
import type { Loaded } from './conversation-owner.ts';
import type { OwnerContext } from './owner-context.ts';
import {
  endAll,
  failed,
  ID_REUSED,
  NOT_MEMBER,
  stored,
  UNAVAILABLE,
  type Change,
  type Messages,
  type Outcome,
  type Submission,
} from './submission.ts';

/** One message or change of the batch, its outcome still open. Two with the same key share one entry. */
interface Part {
  readonly key: string;
  readonly body: string;
  readonly matches: (body: string) => boolean;
  readonly end: (outcome: Outcome) => void;
}

/** What is appended together, and who waits for it. */
export class Batch {
  #entries: NewEntry[] = [];
  readonly #open = new Map<string, Part[]>();
  readonly #answers: (() => void)[] = [];
  readonly #unanswered = new Set<Submission>();
  /** What it took from the queue, also what it refused. */
  readonly taken: Submission[] = [];

  get entries(): readonly NewEntry[] {
    return this.#entries;
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
      this.#end(key, (part) => (part.matches(entry.body) ? stored(entry) : failed(ID_REUSED)));
    }
    this.#entries = this.#entries.filter((entry) => !found.has(keyOf(entry.sender, entry.clientMsgId)));
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

/**
 * Takes from the front of the queue what goes into one append: a change alone, or messages as many as fit. Should it
 * throw, what was taken is the batch's to answer.
 */
export async function fillBatch(
  batch: Batch,
  queue: Submission[],
  loaded: Loaded,
  context: OwnerContext,
  conversation: ConversationId,
): Promise<void> {
  const at = Math.max(context.clock.now(), loaded.lastAt);
  if (queue[0]?.kind === 'change') {
    const change = queue.shift() as Change;
    batch.take(change);
    return addChange(batch, change, loaded, context, conversation, at);
  }
  let room = APPEND_ENTRIES_MAX_COUNT;
  while (queue[0]?.kind === 'messages' && queue[0].drafts.length <= room) {
    const messages = queue.shift() as Messages;
    room -= messages.drafts.length;
    batch.take(messages);
    if (loaded.roster.isMember(messages.sender)) addMessages(batch, messages, context, at);
    else await refuseStranger(batch, messages, context, conversation);
  }
}

function addMessages(batch: Batch, messages: Messages, context: OwnerContext, at: number): void {
  const { sender, drafts } = messages;
  const outcomes: Outcome[] = drafts.map(() => failed(UNAVAILABLE));
  drafts.forEach(({ clientMsgId, body }, index) => {
    const part: Part = {
      key: keyOf(sender, clientMsgId),
      body,
      matches: (other) => other === body,
      end: (outcome) => {
        outcomes[index] = outcome;
      },
    };
    const messageId = context.ids.next() as NewEntry['messageId'];
    batch.add(part, { kind: 'message', messageId, sender, clientMsgId, at, body });
  });
  batch.onAnswer(() => batch.end(messages, () => messages.done(inOrder(outcomes))));
}

/** [SEND-5] What follows a message that is to be tried again is to be tried again too, or the order would be lost. */
function inOrder(outcomes: Outcome[]): readonly Outcome[] {
  const first = outcomes.findIndex((outcome) => outcome.kind === 'failed' && outcome.fault.retry === 'later');
  const reason = outcomes[first];
  if (reason === undefined) return outcomes;
  return outcomes.map((outcome, index) => (index > first && outcome.kind !== 'stored' ? reason : outcome));
}

/** A refusal must leave no trace, so a message that was stored while its sender was a member is answered as stored. */
async function refuseStranger(
  batch: Batch,
  messages: Messages,
  context: OwnerContext,
  conversation: ConversationId,
): Promise<void> {
  const { sender, drafts } = messages;
  const ids = drafts.map((draft) => draft.clientMsgId);
  const existing = await context.messages.find(conversation, sender, ids).catch(() => undefined);
  if (existing === undefined) return batch.end(messages, () => endAll(messages, UNAVAILABLE));
  const byId = new Map(existing.map((entry) => [entry.clientMsgId, entry]));
  const outcomes = drafts.map(({ clientMsgId, body }) => {
    const entry = byId.get(clientMsgId);
    if (entry === undefined) return failed(NOT_MEMBER);
    return entry.body === body ? stored(entry) : failed(ID_REUSED);
  });
  batch.end(messages, () => messages.done(outcomes));
}

async function addChange(
  batch: Batch,
  change: Change,
  loaded: Loaded,
  context: OwnerContext,
  conversation: ConversationId,
  at: number,
): Promise<void> {
  const { sender, clientMsgId, entryKind } = change;
  const matches = (body: string) => change.matches(JSON.parse(body));
  const done = (outcome: Outcome) => batch.end(change, () => change.done(outcome));
  const found = await context.messages.find(conversation, sender, [clientMsgId]).catch(() => undefined);
  if (found === undefined) return done(failed(UNAVAILABLE));
  const [existing] = found;
  if (existing !== undefined) {
    const same = existing.kind === entryKind && matches(existing.body);
    return done(same ? stored(existing) : failed(ID_REUSED));
  }
  const decided = change.decide(loaded.roster);
  if ('fault' in decided) return done(failed(decided.fault));
  const body = JSON.stringify(decided.body);
  let ended: Outcome = failed(ID_REUSED);
  const end = (outcome: Outcome) => {
    ended = outcome;
  };
  const messageId = context.ids.next() as NewEntry['messageId'];
  batch.add(
    { key: keyOf(sender, clientMsgId), body, matches, end },
    { kind: entryKind, messageId, sender, clientMsgId, at, body },
  );
  batch.onAnswer(() => done(ended));
}
