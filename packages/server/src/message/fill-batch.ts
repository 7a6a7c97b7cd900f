// Forms the next append from what waits: checks membership, drops what was sent before, numbers what remains.
import type { ConversationId } from '@parley/protocol/ids';
import {
  APPEND_BODIES_MAX_CHARS,
  APPEND_ENTRIES_MAX_COUNT,
  type NewEntry,
} from '@parley/ports/message-store';
import { keyOf, type Batch, type Filling, type Part } from './batch.ts';
import type { Loaded } from './conversation-owner.ts';
import { endRefused, refusalsOf, Roots } from './draft-checks.ts';
import { addJoins } from './joins.ts';
import type { OwnerContext } from './owner-context.ts';
import { isHeldBack, SendingRules } from './sending-rules.ts';
import {
  BLOCKED,
  failed,
  ID_REUSED,
  isRetry,
  NOT_MEMBER,
  stored,
  UNAVAILABLE,
  type Change,
  type Draft,
  type Join,
  type Messages,
  type Outcome,
  type Submission,
} from './submission.ts';
import { loadTarget, type Target } from './target.ts';

/** What is looked up once for the messages of a batch. */
interface Checks {
  readonly roots: Roots;
  readonly rules: SendingRules;
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
  const filling = fillingOf(loaded, context, conversation);
  if (queue[0]?.kind === 'change') {
    const change = queue.shift() as Change;
    batch.take(change);
    return addChange(batch, change, filling);
  }
  const checks: Checks = {
    roots: new Roots(context.messages, conversation),
    rules: new SendingRules(filling),
  };
  let room = APPEND_ENTRIES_MAX_COUNT;
  let chars = 0;
  while (queue[0]?.kind === 'messages' && queue[0].drafts.length <= room) {
    const more = charsOf(queue[0]);
    if (chars > 0 && chars + more > APPEND_BODIES_MAX_CHARS) break;
    const messages = queue.shift() as Messages;
    room -= messages.drafts.length;
    chars += more;
    batch.take(messages);
    const { sender, drafts } = messages;
    const mayWrite = loaded.roster.isMember(sender) && !loaded.blocked.includes(sender);
    const isPlain = mayWrite && !isHeldBack(loaded.roster, sender) && !drafts.some(isToBeChecked);
    const ended = isPlain ? NONE_ENDED : await endedOf(messages, filling, checks);
    if (drafts.some((draft) => !ended.has(draft))) checks.rules.sends(sender);
    addMessages(batch, messages, filling, ended);
  }
}

function charsOf({ drafts }: Messages): number {
  return drafts.reduce((sum, draft) => sum + draft.body.length, 0);
}

/** Lets in those who wait to join, as one entry. */
export function fillWithJoins(
  batch: Batch,
  joins: readonly Join[],
  loaded: Loaded,
  context: OwnerContext,
  conversation: ConversationId,
): void {
  addJoins(batch, joins, fillingOf(loaded, context, conversation));
}

function fillingOf(loaded: Loaded, context: OwnerContext, conversation: ConversationId): Filling {
  return { loaded, context, conversation, at: Math.max(context.clock.now(), loaded.lastAt) };
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
      acceptedAt: messages.acceptedAt ?? filling.at,
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
async function endedOf(messages: Messages, filling: Filling, { roots, rules }: Checks): Promise<Ended> {
  const { loaded, context, conversation } = filling;
  const { sender, drafts } = messages;
  const unwelcome = !loaded.roster.isMember(sender)
    ? NOT_MEMBER
    : loaded.blocked.includes(sender)
      ? BLOCKED
      : undefined;
  const heldBack = unwelcome === undefined && isHeldBack(loaded.roster, sender);
  const refusal = unwelcome ?? (heldBack ? await rules.refusal(sender) : undefined);
  const refusals =
    refusal === undefined
      ? await refusalsOf(messages, loaded, roots)
      : new Map(drafts.map((draft) => [draft, (heldBack ? draft.refusal : undefined) ?? refusal]));
  // In slow mode what was stored before must not count as a message of now.
  if (refusals.size === 0 && !heldBack) return NONE_ENDED;
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
  if (loaded.blocked.includes(sender)) return done(failed(BLOCKED));
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
    {
      key: keyOf(sender, clientMsgId),
      kind: entryKind,
      body,
      matches,
      acceptedAt: change.acceptedAt ?? at,
      end,
    },
    { kind: entryKind, messageId, sender, clientMsgId, at, body },
  );
  batch.onAnswer(() => done(ended));
}
