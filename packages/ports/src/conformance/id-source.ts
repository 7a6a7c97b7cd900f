// The suite of id sources.
import { describe, expect, test } from 'bun:test';
import { conversationIdSchema } from '@parley/protocol/ids';
import type { IdSource } from '../id-source.ts';
import { LARGEST_ID } from './fixture.ts';

export function testIdSource(adapter: string, open: () => IdSource): void {
  describe(`${adapter} as IdSource`, () => {
    test('[ID-1] an id is a decimal string of a positive 63-bit integer, as the wire wants it', () => {
      const source = open();
      for (let made = 0; made < 1_000; made++) {
        const id = source.next();
        expect(conversationIdSchema.safeParse(id).success).toBe(true);
        expect(BigInt(id) <= LARGEST_ID).toBe(true);
      }
    });

    test('[ID-2] no id comes twice', () => {
      const source = open();
      expect(new Set(Array.from({ length: 20_000 }, () => source.next())).size).toBe(20_000);
    });

    test('[ID-3] the ids of one source ascend as numbers', () => {
      const source = open();
      let last = 0n;
      for (let made = 0; made < 10_000; made++) {
        const next = BigInt(source.next());
        expect(next > last).toBe(true);
        last = next;
      }
    });
  });
}
