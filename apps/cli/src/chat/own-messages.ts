// The user's own messages that are not in the log yet: shown as waiting below it until their entry comes.

export interface OwnMessage {
  readonly text: string;
  /** Set once the server has stored it. */
  seq: number | undefined;
}

export class OwnMessages {
  #waiting: OwnMessage[] = [];

  get all(): readonly OwnMessage[] {
    return this.#waiting;
  }

  /** Those that the server has not answered. */
  get unanswered(): readonly OwnMessage[] {
    return this.#waiting.filter(({ seq }) => seq === undefined);
  }

  add(text: string): OwnMessage {
    const message: OwnMessage = { text, seq: undefined };
    this.#waiting.push(message);
    return message;
  }

  /** The server stored it; it stays here until its entry is shown. */
  stored(message: OwnMessage, seq: number, shownSeq: number): void {
    message.seq = seq;
    if (seq <= shownSeq) this.remove(message);
  }

  /** An entry of this user is shown: its message, the oldest that can be it, waits no longer. */
  shown(entry: { seq: number; text: string | undefined }): void {
    const match =
      this.#waiting.find(({ seq }) => seq === entry.seq) ??
      this.#waiting.find(({ seq, text }) => seq === undefined && text === entry.text);
    if (match !== undefined) this.remove(match);
  }

  remove(message: OwnMessage): void {
    this.#waiting = this.#waiting.filter((other) => other !== message);
  }
}
