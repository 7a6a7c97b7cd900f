// The suite of the personal store: see personal-store-*.ts. It gets message and member store too: counts are of both.
import { describe } from 'bun:test';
import type { Open, Reopen } from './opened.ts';
import { dropRules, durabilityRules, flagRules, hiddenRules, threadRules } from './personal-store-keep.ts';
import { mentionRules } from './personal-store-mentions.ts';
import { personalRandomRule } from './personal-store-random.ts';
import { pageRules, readingRules, retentionRules } from './personal-store-reading.ts';
import type { PersonalWorld } from './personal-fixture.ts';

/** Durable adapters pass `reopen` and so prove that everything survives a restart. */
export function testPersonalStore<World extends PersonalWorld>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as PersonalStore`, () => {
    readingRules(open);
    pageRules(open);
    retentionRules(open);
    mentionRules(open);
    flagRules(open);
    hiddenRules(open);
    threadRules(open);
    dropRules(open);
    personalRandomRule(open);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
