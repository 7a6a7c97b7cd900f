// What is left of the body of a deleted message and of its edits: that it is gone, and what it belongs to.
import type { Seq } from '@parley/protocol/ids';
import { ERASED_BODY } from '@parley/ports/message-store';

const BEGINNING = ERASED_BODY.slice(0, -1);

/** Readers that meet the entry later still count it to its thread, or fold it into its target. */
export function erasedBody(belongsTo: { readonly thread?: Seq; readonly target?: Seq }): string {
  const { thread, target } = belongsTo;
  const fields = JSON.stringify({ thread, target }).slice(1, -1);
  return fields === '' ? ERASED_BODY : `${BEGINNING},${fields}}`;
}

/** No client can send content of this kind. */
export function isErased(body: string): boolean {
  return body.startsWith(BEGINNING);
}
