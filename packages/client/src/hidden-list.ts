// Which messages this user hid: each is told to the app once, in the order of their numbers, whatever was missed meanwhile.
import type { HiddenRow } from '@parley/protocol/personal';
import type { Calls } from './calls.ts';
import { errorOf } from './deferred.ts';
import type { ClientEvent } from './event.ts';

export type HiddenListOptions = {
  calls: Calls;
  emit: (event: ClientEvent) => void;
  /** The app was told of everything up to this number. */
  moved: (number: number) => void;
  /** Whether the app follows its logs; one that only asks is told of what comes, and nothing is looked up for it. */
  follows: boolean;
};

export class HiddenList {
  readonly #options: HiddenListOptions;
  #number = 0;
  #listing = false;
  /** Something was missed since the page that is under way was asked for. */
  #again = false;

  constructor(options: HiddenListOptions) {
    this.#options = options;
  }

  restore(number: number): void {
    this.#number = number;
  }

  /** The server's numbers are other ones. */
  reset(): void {
    this.#number = 0;
  }

  /** Asks for what was hidden while there was no connection. */
  welcomed(): void {
    const { calls, follows } = this.#options;
    if (follows && calls.can('list_hidden')) this.#list();
  }

  /** Rows of a push or of any answer. */
  take(rows: readonly HiddenRow[]): void {
    const { emit, follows } = this.#options;
    if (!follows) {
      if (rows.length > 0) emit({ kind: 'hidden', rows });
      return;
    }
    const fresh = rows.filter(({ number }) => number > this.#number);
    const [first] = fresh;
    if (first === undefined) return;
    if (first.number > this.#number + 1) this.#list();
    else this.#tell(fresh);
  }

  #tell(rows: readonly HiddenRow[]): void {
    const last = rows.at(-1);
    if (last === undefined) return;
    this.#number = last.number;
    this.#options.emit({ kind: 'hidden', rows });
    this.#options.moved(last.number);
  }

  #list(): void {
    this.#again = true;
    if (this.#listing) return;
    this.#listing = true;
    const { calls, emit } = this.#options;
    this.#pages()
      .catch((error: unknown) => {
        // A client that was closed has nobody to tell.
        if (!calls.closed) emit({ kind: 'error', error: errorOf(error) });
      })
      .finally(() => (this.#listing = false));
  }

  async #pages(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const after = this.#number;
      const page = await this.#options.calls.ask({ type: 'list_hidden', after }, 'hidden');
      // What was asked for before a reset says nothing of what is before it.
      if (this.#number >= after) this.#tell(page.rows.filter(({ number }) => number > this.#number));
      else this.#again = true;
      if (page.next !== undefined) this.#again = true;
    }
  }
}
