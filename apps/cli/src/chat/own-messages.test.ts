// Own messages wait below the log until their entry is shown, whichever comes first, answer or entry.
import { describe, expect, test } from 'bun:test';
import { OwnMessages } from './own-messages.ts';

describe('OwnMessages', () => {
  test('answer first: it stays, as stored, until its entry comes', () => {
    const own = new OwnMessages();
    const message = own.add('hi');
    own.stored(message, 7, 6);
    expect([own.all.length, own.unanswered.length]).toEqual([1, 0]);
    own.shown({ seq: 7, text: 'hi' });
    expect(own.all).toEqual([]);
  });

  test('entry first: it goes at once, and the answer changes nothing', () => {
    const own = new OwnMessages();
    const message = own.add('hi');
    own.shown({ seq: 7, text: 'hi' });
    own.stored(message, 7, 7);
    expect(own.all).toEqual([]);
  });

  test('an answer for an entry that was shown already, but not known as its own, ends the waiting', () => {
    const own = new OwnMessages();
    const message = own.add('hi');
    own.shown({ seq: 7, text: 'read differently' });
    own.stored(message, 7, 7);
    expect(own.all).toEqual([]);
  });

  test('of two equal texts the one that the entry is of goes', () => {
    const own = new OwnMessages();
    const first = own.add('hi');
    const second = own.add('hi');
    own.stored(second, 9, 0);
    own.shown({ seq: 9, text: 'hi' });
    expect(own.all).toEqual([first]);
  });

  test('a message of another device of this user takes none away', () => {
    const own = new OwnMessages();
    own.add('hi');
    own.shown({ seq: 7, text: 'something else' });
    own.shown({ seq: 8, text: undefined });
    expect(own.all).toHaveLength(1);
  });
});
