// Pages in order of id: where the first one begins.

/** Ids begin at 1. */
export const BEFORE_THE_FIRST = '0';
