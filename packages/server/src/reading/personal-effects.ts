// What must follow an entry in what users keep: where those who joined begin to read, whom a message mentions now.
import type { Mentions } from '@parley/protocol/content';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { MessageStore, StoredEntry } from '@parley/ports/message-store';
import type { Mention, PersonalStore } from '@parley/ports/personal-store';
import { isErased } from '../message/erased.ts';
import { loadTarget, type Target } from '../message/target.ts';
import { Audiences, type ThreadEntry } from './thread-audiences.ts';

export interface PersonalEffects {
  readonly messages: MessageStore;
  readonly personal: PersonalStore;
  readonly conversation: ConversationId;
  /** In seq order. They may come again after a crash: the store knows how far they were done. */
  readonly entries: readonly StoredEntry[];
}

/** What an entry says about the mentions of one message. */
interface Saying extends ThreadEntry {
  /** The message. */
  readonly target: Seq;
  readonly mentions: Mentions | undefined;
  readonly isDeleted: boolean;
}

/**
 * Comes before the message's state changes, which tells whether there was a mention before. Rejects as the store does;
 * then it is to be done again before anything new is stored. Most entries are plain messages and cost nothing.
 */
export async function doPersonalEffects(effects: PersonalEffects): Promise<void> {
  const { personal, conversation, entries } = effects;
  for (const { kind, seq, body } of entries) {
    if (JOINS.has(kind)) await personal.begin(conversation, joinedBy(body), seq);
  }
  const sayings: Saying[] = [];
  for (const entry of entries) {
    const saying = await sayingOf(effects, entry);
    if (saying !== undefined) sayings.push(saying);
  }
  if (sayings.length === 0) return;
  const audiences = await Audiences.of(effects, sayings);
  await personal.setMentions(
    conversation,
    sayings.map((saying) => mentionOf(saying, audiences.of(saying))),
  );
}

const JOINS: ReadonlySet<string> = new Set(['group_created', 'members_added', 'members_joined']);

function joinedBy(body: string): UserId[] {
  return (JSON.parse(body) as { members: { user_id: UserId }[] }).members.map((member) => member.user_id);
}

/** Undefined where an entry changes no mention: there is none and there was none. */
async function sayingOf(effects: PersonalEffects, entry: StoredEntry): Promise<Saying | undefined> {
  const { kind, seq, sender, body } = entry;
  if (kind === 'message') {
    // Within a text, quotes are escaped.
    if (!body.includes('"mentions":') && !body.includes('"thread":')) return undefined;
    const { mentions, thread } = JSON.parse(body) as { mentions?: Mentions; thread?: Seq };
    return { target: seq, asOf: seq, sender, writes: true, thread, mentions, isDeleted: isErased(body) };
  }
  if (kind !== 'message_edited' && kind !== 'message_deleted') return undefined;
  const { target, mentions } = JSON.parse(body) as { target: Seq; mentions?: Mentions };
  const message = await loadTarget(effects.messages, effects.conversation, target, 0);
  // Retention dropped it, and its mentions.
  if (message === undefined) return undefined;
  const { thread } = message.body;
  if (mentions === undefined && thread === undefined && mentionsBefore(message) === undefined)
    return undefined;
  const isDeleted = kind === 'message_deleted' || isErased(body);
  return { target, asOf: seq, sender: message.entry.sender, writes: false, thread, mentions, isDeleted };
}

function mentionsBefore({ body, state }: Target): Mentions | undefined {
  return state.edits.length > 0 ? state.mentions : body.mentions;
}

/** Whom it names and whoever follows its thread. `here` counts for everyone: who was there is not in the log. */
function mentionOf(saying: Saying, audience: readonly UserId[]): Mention {
  const { target: seq, asOf, sender, mentions, isDeleted } = saying;
  if (isDeleted) return { seq, asOf, sender, users: [], everyone: false };
  if (mentions?.everyone !== undefined) return { seq, asOf, sender, users: [], everyone: true };
  const users = new Set([...(mentions?.users ?? []), ...audience]);
  users.delete(sender);
  return { seq, asOf, sender, users: [...users], everyone: false };
}
