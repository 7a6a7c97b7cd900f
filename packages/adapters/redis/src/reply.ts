// Replies of Redis as what they should be. One that is something else is a bug, or a key that is not ours.

/** As the client gives them. */
export type Reply = unknown;

export function textOf(reply: Reply): string {
  if (typeof reply === 'string') return reply;
  if (typeof reply === 'number') return String(reply);
  throw unexpected(reply);
}

export function textOrNone(reply: Reply): string | undefined {
  return reply === null ? undefined : textOf(reply);
}

export function listOf(reply: Reply): readonly Reply[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected(reply);
}

/** Field and value in turn. */
export function pairsOf(reply: Reply): readonly (readonly [field: string, value: string])[] {
  const list = listOf(reply);
  return Array.from({ length: list.length / 2 }, (_, index) => [
    textOf(list[2 * index]),
    textOf(list[2 * index + 1]),
  ]);
}

function unexpected(reply: Reply): Error {
  return new TypeError(`a reply of Redis is of type ${typeof reply}`);
}
