// The width of the blocks that the messages of each sender are counted in.
/** A sender's messages are counted in blocks of so many seqs: at most one block is ever looked through. */
export const SENT_BLOCK_SEQS_COUNT = 64;
