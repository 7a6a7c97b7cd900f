// The limits of what is read that are no part of the wire.

/** Receipts wait this long for others before the first of them are told. */
export const RECEIPTS_GATHERED_MS = 50;
/** A conversation's receipts are told at most this often [RECEIPT-3]. */
export const RECEIPTS_PUSH_INTERVAL_MS = 1_000;
/** Conversations that have receipts to tell; those of more are not told, and are there for who asks. */
export const RECEIPTS_TOLD_MAX_COUNT = 20_000;
/** Users of whom is kept in memory that they hid nothing, as most did. */
export const NOTHING_HIDDEN_KEPT_MAX_COUNT = 50_000;
