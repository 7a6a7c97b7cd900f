// Forms the next append from what waits: checks membership, drops what was sent before, numbers what remains.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Fault } from '@parley/protocol/error-code';
import { APPEND_ENTRIES_MAX_COUNT, type NewEntry, type StoredEntry } from '@parley/ports/message-store';
import type { Loaded } from './conversation-owner.ts';
import { endRefused, refusalsOf, Roots } from './draft-checks.ts';
import type { OwnerContext } from './owner-context.ts';
import {
  endAll,
  failed,
  ID_REUSED,
  isRetry,
  NOT_MEMBER,
  stored,
  UNAVAILABLE,
  type Change,
  type Draft,
  type Messages,
  type Outcome,
  type Submission,
} from './submission.ts';
import { loadTarget, type Target } from './target.ts';

/** One message or change of the batch, its outcome still open. Two with the same key share one entry. */
interface Part {
  readonly key: string;
  readonly kind: string;
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
      this.#end(key, (part) => {
        return entry.kind === part.kind && part.matches(entry.body) ? stored(entry) : failed(ID_REUSED);
      });
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

/** What a batch is formed from. */
interface Filling {
  readonly loaded: Loaded;
  readonly context: OwnerContext;
  readonly conversation: ConversationId;
  /** The time of its entries. */
  readonly at: number;
}

type Ended = ReadonlyMap<Draft, Outcome>;
const NONE_ENDED: Ended = new Map();

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
  const filling: Filling = { loaded, context, conversation, at };
  if (queue[0]?.kind === 'change') {
    const change = queue.shift() as Change;
    batch.take(change);
    return addChange(batch, change, filling);
  }
  const roots = new Roots(context.messages, conversation);
  let room = APPEND_ENTRIES_MAX_COUNT;
  while (queue[0]?.kind === 'messages' && queue[0].drafts.length <= room) {
    const messages = queue.shift() as Messages;
    room -= messages.drafts.length;
    batch.take(messages);
    const isPlain = loaded.roster.isMember(messages.sender) && !messages.drafts.some(isToBeChecked);
    addMessages(batch, messages, filling, isPlain ? NONE_ENDED : await endedOf(messages, filling, roots));
  }
}

/** The drafts that may be stored go into the batch; the others have their outcome already. */
function addMessages(batch: Batch, messages: Messages, filling: Filling, ended: Ended): void {
  const { sender, drafts } = messages;
  const outcomes: Outcome[] = drafts.map((draft) => ended.get(draft) ?? failed(UNAVAILABLE));
  drafts.forEach((draft, index) => {
    if (ended.has(draft)) return;
    const { clientMsgId, body } = draft;
    const part: Part = {
      key: keyOf(sender, clientMsgId),
      kind: 'message',
      body,
      matches: (other) => isRetry(draft, other),
      end: (outcome) => {
        outcomes[index] = outcome;
      },
    };
    const messageId = filling.context.ids.next() as NewEntry['messageId'];
    batch.add(part, { kind: 'message', messageId, sender, clientMsgId, at: filling.at, body });
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

/** A stranger's messages all end here, the others' when they name a message that may not be named. */
async function endedOf(messages: Messages, filling: Filling, roots: Roots): Promise<Ended> {
  const { loaded, context, conversation } = filling;
  const refusals = loaded.roster.isMember(messages.sender)
    ? await refusalsOf(messages, loaded, roots)
    : new Map(messages.drafts.map((draft) => [draft, NOT_MEMBER]));
  if (refusals.size === 0) return NONE_ENDED;
  return endRefused(messages, refusals, context.messages, conversation);
}

function isToBeChecked(draft: Draft): boolean {
  return draft.refusal !== undefined || draft.replyTo !== undefined || draft.thread !== undefined;
}

async function addChange(batch: Batch, change: Change, filling: Filling): Promise<void> {
  const { loaded, context, conversation, at } = filling;
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
  let target: Target | undefined;
  try {
    if (change.target !== undefined)
      target = await loadTarget(context.messages, conversation, change.target, at);
  } catch {
    return done(failed(UNAVAILABLE));
  }
  const decided = change.decide(loaded.roster, target);
  if ('fault' in decided) return done(failed(decided.fault));
  const body = JSON.stringify(decided.body);
  let ended: Outcome = failed(ID_REUSED);
  const end = (outcome: Outcome) => {
    ended = outcome;
  };
  const messageId = context.ids.next() as NewEntry['messageId'];
  batch.add(
    { key: keyOf(sender, clientMsgId), kind: entryKind, body, matches, end },
    { kind: entryKind, messageId, sender, clientMsgId, at, body },
  );
  batch.onAnswer(() => done(ended));
}
