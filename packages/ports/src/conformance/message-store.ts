// The suite of the message store. An adapter is done when it passes; see message-store-*.ts for the rules.
import { describe } from 'bun:test';
import { appendRules, duplicateRules, raceRules } from './message-store-append.ts';
import { claimRules } from './message-store-claim.ts';
import { closingRules, durabilityRules } from './message-store-durability.ts';
import { erasureRules } from './message-store-erasure.ts';
import { lookupRules } from './message-store-lookup.ts';
import { randomRule } from './message-store-random.ts';
import { findRules, rangeRules, readRules, textRules } from './message-store-read.ts';
import { dropRules, olderThanRules } from './message-store-retention.ts';
import { pageStateRules, stateRules } from './message-store-states.ts';
import type { Open, Opened, Reopen } from './opened.ts';

/** Durable adapters pass `reopen` and so prove that everything survives a restart. */
export function testMessageStore<World extends Opened<'messages'>>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as MessageStore`, () => {
    claimRules(open);
    appendRules(open);
    duplicateRules(open);
    raceRules(open);
    readRules(open);
    rangeRules(open);
    textRules(open);
    findRules(open);
    lookupRules(open);
    dropRules(open);
    olderThanRules(open);
    stateRules(open);
    pageStateRules(open);
    erasureRules(open);
    closingRules(open);
    randomRule(open);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
