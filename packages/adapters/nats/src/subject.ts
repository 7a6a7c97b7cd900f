// Topics as subjects: any text becomes one token that NATS allows, and no two become the same.
import { SUBJECT_MAX_BYTES } from './limits.ts';

const PREFIX = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** Publishing and asking are apart: who hears a topic does not answer it. */
export type SubjectKind = 'publish' | 'request';

const SPACES = { publish: 'p', request: 'r' } as const;

export class Subjects {
  readonly #prefix: string;

  /** Throws for a prefix that is not made of tokens of A-Z a-z 0-9 _ -, joined by dots. */
  constructor(prefix: string) {
    if (!PREFIX.test(prefix)) throw new RangeError(`"${prefix}" cannot be the prefix of subjects`);
    this.#prefix = prefix;
  }

  /** Throws a RangeError for a topic that is too long. */
  of(kind: SubjectKind, topic: string): string {
    const subject = `${this.#prefix}.${SPACES[kind]}.${encodeToken(topic)}`;
    if (subject.length > SUBJECT_MAX_BYTES) throw new RangeError(`a topic of ${topic.length} characters`);
    return subject;
  }
}

/** Letters, digits, - and _ stay; each other byte of the UTF-8 becomes =XX. The empty text is a lone "=". */
function encodeToken(topic: string): string {
  if (topic === '') return '=';
  if (/^[A-Za-z0-9_-]+$/.test(topic)) return topic;
  return [...Buffer.from(topic)].map(encodeByte).join('');
}

function encodeByte(byte: number): string {
  const character = String.fromCodePoint(byte);
  return /[A-Za-z0-9_-]/.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`;
}
