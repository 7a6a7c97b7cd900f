// What is unread, worked out from the log each time, in the words of PROTOCOL.md and in another way than the product does.
import type { ModelEntry } from './model-server.ts';

export type ModelStanding = {
  conversation_id: string;
  read: number;
  unread: number;
  mentions: number;
  as_of: number;
};

/** [READ-2] [READ-3] Of user 11. */
export function standingOf(conversation_id: string, log: readonly ModelEntry[], read: number): ModelStanding {
  const unread = log.filter(({ kind, sender, seq }) => kind === 'message' && sender !== '11' && seq > read);
  const mentions = unread.filter(({ seq }) => mentionsNow(log, seq));
  return { conversation_id, read, unread: unread.length, mentions: mentions.length, as_of: log.length };
}

function mentionsNow(log: readonly ModelEntry[], seq: number): boolean {
  const about = log.filter((entry) => entry.seq === seq || entry.target === seq);
  if (about.some(({ kind }) => kind === 'message_deleted')) return false;
  const said = about.filter(({ kind }) => kind === 'message' || kind === 'message_edited').at(-1);
  return said?.mentions === 'all' || said?.mentions === 'me';
}

export function wireMentions(mentions: ModelEntry['mentions']): object {
  switch (mentions) {
    case undefined:
      return {};
    case 'all':
      return { mentions: { everyone: 'all' } };
    case 'me':
      return { mentions: { users: ['13', '11'] } };
    case 'other':
      return { mentions: { users: ['13'] } };
  }
}
