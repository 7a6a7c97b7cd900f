// What the presence bench and its client processes say to one another, and the memory that they share.
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import type { Credential } from './wire-session.ts';

export type PresenceCommand =
  /** Connects users first, first + 1 …; what they see goes into the file `seen`, when they were heard into `heard`. */
  | {
      kind: 'open';
      url: string;
      first: number;
      credentials: Credential[];
      users: number;
      heard: string;
      seen: string;
    }
  /** The ids of all users, in order. */
  | { kind: 'know'; ids: string[] }
  /** Each user watches so many others, far apart from one another. */
  | { kind: 'watch'; contacts: number }
  | { kind: 'count' }
  | { kind: 'stop' };

export type PresenceReply =
  | { kind: 'opened'; ids: string[] }
  | { kind: 'done' }
  | { kind: 'counted'; heartbeats: number; pushes: number; rows: number; cpuUs: number; closed: number }
  | { kind: 'failed'; reason: string };

/** Numbers that two processes see, and that outlast the one that wrote them. */
export function sharedNumbers(path: string, count: number): Float64Array {
  const file = openSync(path, 'a+', 0o600);
  ftruncateSync(file, count * Float64Array.BYTES_PER_ELEMENT);
  closeSync(file);
  return new Float64Array(Bun.mmap(path).buffer);
}

/** What one process saw of each user since the bench last cleared it: three numbers a user, 0 where it saw nothing. */
export class Seen {
  readonly #numbers: Float64Array;
  readonly #users: number;

  constructor(path: string, users: number) {
    this.#users = users;
    this.#numbers = sharedNumbers(path, users * 3);
  }

  /** A push about the user came to one more watcher; `at` by Date.now(). */
  push(user: number, isOffline: boolean, at: number): void {
    const numbers = this.#numbers;
    if (isOffline) {
      if (numbers[user] === 0) numbers[user] = at;
      numbers[this.#users + user] = at;
    }
    const pushes = this.#users * 2 + user;
    numbers[pushes] = (numbers[pushes] ?? 0) + 1;
  }

  of(user: number): { firstOffline: number; lastOffline: number; pushes: number } {
    const [firstOffline = 0, lastOffline = 0, pushes = 0] = [0, 1, 2].map(
      (part) => this.#numbers[this.#users * part + user],
    );
    return { firstOffline, lastOffline, pushes };
  }

  clear(): void {
    this.#numbers.fill(0);
  }
}

/** Who watches whom: user i watches these, so that the watchers of one user are in all processes. */
export function contactsOf(user: number, contacts: number, users: number): number[] {
  const stride = Math.max(1, Math.floor(users / (contacts + 1)));
  return Array.from({ length: contacts }, (_, at) => (user + 1 + at * stride) % users);
}
