// What the app of one installation was handed of one conversation, over all lives of its process.
import type { Seq } from '@parley/protocol/ids';

export interface Handed {
  readonly from: Seq;
  readonly to: Seq;
  /** Of the entry; or `missing` for a range that the app was told it does not get. */
  readonly fingerprint: string;
  readonly visibleAfter: Seq;
}

export class AppView {
  /** By seq: the fingerprint of what was shown there. */
  readonly shown = new Map<Seq, string>();
  readonly missing: { readonly from: Seq; readonly to: Seq }[] = [];
  /** Everything from `start` to here was shown or told to be missing; undefined before anything was. */
  coveredTo: Seq | undefined;
  start: Seq = 0;
  /** Up to where this life of the process got; undefined at its beginning. */
  #lifeTo: Seq | undefined;

  newLife(): void {
    this.#lifeTo = undefined;
  }

  /**
   * Takes what was handed over; returns what is wrong with it, if anything. Up to `visibleAfter` nothing is this user's
   * to read, so that it may be passed over without a word.
   */
  take({ from, to, fingerprint, visibleAfter }: Handed): string | undefined {
    const before = this.#lifeTo;
    this.#lifeTo = to;
    const wrong = this.#wrong(from, to, before, visibleAfter);
    this.coveredTo ??= from - 1;
    if (this.shown.size === 0 && this.missing.length === 0) this.start = from;
    this.coveredTo = Math.max(this.coveredTo, to);
    if (fingerprint === 'missing') this.missing.push({ from, to });
    else this.shown.set(to, fingerprint);
    return wrong;
  }

  #wrong(from: Seq, to: Seq, before: Seq | undefined, visibleAfter: Seq): string | undefined {
    if (before !== undefined && from <= before) return `${from} came after ${before} in one life`;
    if (to < from) return `a range from ${from} to ${to}`;
    // What was skipped was shown in an earlier life, or under another device of this installation.
    if (this.coveredTo !== undefined && from > Math.max(this.coveredTo, visibleAfter) + 1) {
      return `${from} came when all before ${this.coveredTo + 1} was known`;
    }
    return undefined;
  }
}
