// Who is writing in an open chat: each for as long as the server said, or until a message of theirs comes.
import type { UserId } from '@parley/protocol/ids';

export interface WritersOptions {
  readonly nameOf: (userId: UserId) => Promise<string>;
  /** The words have changed. */
  readonly changed: () => void;
}

const NAMED_MAX_COUNT = 3;
/** Typing signals come in groups of up to 100 members. */
const WRITERS_MAX_COUNT = 100;

export class Writers implements Disposable {
  readonly #options: WritersOptions;
  readonly #writing = new Map<UserId, { name: string; timer: ReturnType<typeof setTimeout> }>();

  constructor(options: WritersOptions) {
    this.#options = options;
  }

  /** "bob is writing…", harmless only once it is sanitized; empty when nobody is. */
  get words(): string {
    const names = [...this.#writing.values()].flatMap(({ name }) => (name === '' ? [] : [name]));
    if (names.length === 0) return '';
    const shown = names.slice(0, NAMED_MAX_COUNT);
    const more = names.length - shown.length;
    if (more > 0) return `${shown.join(', ')} and ${more} more are writing…`;
    if (shown.length === 1) return `${shown.join('')} is writing…`;
    return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''} are writing…`;
  }

  /** A signal: the user writes for `forMs` from now on, or with 0 no more. */
  heard(userId: UserId, forMs: number): void {
    const before = this.#writing.get(userId);
    this.#end(userId);
    if (forMs > 0 && this.#writing.size < WRITERS_MAX_COUNT) {
      const timer = setTimeout(() => this.wrote(userId), forMs);
      const writer = { name: before?.name ?? '', timer };
      this.#writing.set(userId, writer);
      if (writer.name === '') this.#name(userId, writer);
    }
    this.#options.changed();
  }

  /** What the user wrote is here. */
  wrote(userId: UserId): void {
    if (this.#end(userId)) this.#options.changed();
  }

  [Symbol.dispose](): void {
    for (const userId of this.#writing.keys()) this.#end(userId);
  }

  #end(userId: UserId): boolean {
    const writer = this.#writing.get(userId);
    if (writer === undefined) return false;
    clearTimeout(writer.timer);
    return this.#writing.delete(userId);
  }

  #name(userId: UserId, writer: { name: string }): void {
    this.#options.nameOf(userId).then(
      (name) => {
        writer.name = name;
        this.#options.changed();
      },
      () => {}, // without a name nothing is shown: it is a hint
    );
  }
}
