// The suite of randomness. Its bounds are so wide that no honest source ever fails by chance.
import { describe, expect, test } from 'bun:test';
import type { Randomness } from '../randomness.ts';

export function testRandomness(adapter: string, open: () => Randomness): void {
  describe(`${adapter} as Randomness`, () => {
    test('[RANDOM-1] bytes gives as many as asked for', () => {
      const source = open();
      for (const count of [0, 1, 7, 16, 65_536, 65_537, 200_000])
        expect(source.bytes(count)).toHaveLength(count);
    });

    test('[RANDOM-2] no two draws of 8 bytes are alike, and none is changed by a later one', () => {
      const source = open();
      const draws = Array.from({ length: 10_000 }, () => source.bytes(8));
      expect(new Set(draws.map((draw) => Buffer.from(draw).toString('hex'))).size).toBe(10_000);
    });

    test('[RANDOM-3] bytes are spread evenly over all values and places', () => {
      const source = open();
      const counts = Array.from({ length: 256 }, () => 0);
      for (const byte of source.bytes(256 * 400)) counts[byte]! += 1;
      expect(Math.min(...counts)).toBeGreaterThan(200);
      expect(Math.max(...counts)).toBeLessThan(600);
      const bits = Array.from({ length: 64 }, () => 0);
      for (let draw = 0; draw < 2_000; draw++) {
        const bytes = source.bytes(8);
        for (let bit = 0; bit < 64; bit++) bits[bit]! += (bytes[bit >> 3]! >> (bit & 7)) & 1;
      }
      expect(Math.min(...bits)).toBeGreaterThan(700);
      expect(Math.max(...bits)).toBeLessThan(1_300);
    });

    test('[RANDOM-4] no bit of a draw follows another one', () => {
      const source = open();
      const alike = Array.from({ length: 64 * 64 }, () => 0);
      for (let draw = 0; draw < 2_000; draw++) {
        const bits = [...source.bytes(8)].flatMap((byte) =>
          Array.from({ length: 8 }, (_, at) => (byte >> at) & 1),
        );
        for (let one = 0; one < 64; one++) {
          for (let other = 0; other < one; other++)
            if (bits[one] === bits[other]) alike[one * 64 + other]! += 1;
        }
      }
      const counts = alike.filter((_, at) => at % 64 < Math.floor(at / 64));
      expect(Math.min(...counts)).toBeGreaterThan(700);
      expect(Math.max(...counts)).toBeLessThan(1_300);
    });

    test('[RANDOM-5] fraction is spread evenly from 0 up to but not including 1', () => {
      const source = open();
      const tenths = Array.from({ length: 10 }, () => 0);
      for (let draw = 0; draw < 10_000; draw++) {
        const fraction = source.fraction();
        expect(fraction >= 0 && fraction < 1).toBe(true);
        tenths[Math.floor(fraction * 10)]! += 1;
      }
      expect(Math.min(...tenths)).toBeGreaterThan(700);
      expect(Math.max(...tenths)).toBeLessThan(1_300);
    });
  });
}
