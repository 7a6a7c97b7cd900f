import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { clientMsgIdScratch, clientMsgIdText, storedClientMsgId } from './client-msg-id.ts';

test('a canonical UUID is stored as its 16 bytes', () => {
  const stored = storedClientMsgId('0190d6e0-1122-7abc-8def-0123456789af', clientMsgIdScratch());
  expect(stored).toEqual(Uint8Array.fromHex('0190d6e011227abc8def0123456789af'));
});

test('whatever is not exactly a canonical lower-case UUID stays text, so that no two ids become one', () => {
  for (const id of [
    '0190D6E0-1122-7abc-8def-0123456789af',
    '0190d6e011227abc8def0123456789af',
    '0190d6e0-1122-7abc-8def-0123456789a',
    '0190d6e0-1122-7abc-8def-0123456789a:',
    '0190d6e0-1122-7abc-8def_0123456789af',
    '0190d6e0a1122-7abc-8def-0123456789af',
    'g190d6e0-1122-7abc-8def-0123456789af',
  ]) {
    expect(storedClientMsgId(id, clientMsgIdScratch())).toBe(id);
  }
});

test('every id comes back as the client chose it', () => {
  const ids = fc.oneof(
    fc.uuid(),
    fc.stringMatching(/^[A-Za-z0-9_.:-]{1,64}$/),
    fc.stringMatching(/^[0-9a-f-]{36}$/),
  );
  fc.assert(fc.property(ids, (id) => clientMsgIdText(storedClientMsgId(id, clientMsgIdScratch())) === id));
});
