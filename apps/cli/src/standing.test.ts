// A standing for scripts and for people.
import { expect, test } from 'bun:test';
import { standingViewSchema } from '@parley/protocol/reading';
import { MUTED_FOR_GOOD_MS, mutedWords, standingJson, standingWords } from './standing.ts';

const plain = standingViewSchema.parse({ conversation_id: '70', read: 3, unread: 0, mentions: 0, as_of: 4 });

test('[READ-2] a script gets all that is known, what is absent as false', () => {
  expect(standingJson(plain)).toEqual({
    conversation_id: '70',
    read_seq: 3,
    unread: 0,
    mentions: 0,
    archived: false,
    pinned: false,
  });
  expect(standingJson({ ...plain, muted_until: 5, archived: true, pinned: true })).toMatchObject({
    muted_until: 5,
    archived: true,
    pinned: true,
  });
});

test('people read what is out of the ordinary', () => {
  expect(standingWords(plain)).toBe('');
  const standing = {
    ...plain,
    unread: 3,
    mentions: 1,
    muted_until: 5,
    archived: true,
    pinned: true,
  } as const;
  expect(standingWords(standing)).toBe(', 3 unread (1 for you), muted, archived, pinned');
  expect(mutedWords(plain)).toBe('not muted');
  expect(mutedWords({ ...plain, muted_until: MUTED_FOR_GOOD_MS })).toContain('--off');
  expect(mutedWords({ ...plain, muted_until: new Date(2026, 10, 24, 9, 5).getTime() })).toBe(
    'muted until 2026-11-24 09:05',
  );
});
