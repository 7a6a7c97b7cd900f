// 64-bit ids are decimal strings: their order as numbers is by length first.

/** For `sort`: negative when `one` is the smaller number. */
export function compareIds(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}
