// Cuts what a terminal sends into keys and pastes (bracketed paste mode), whatever the chunk borders are.
import { StringDecoder } from 'node:string_decoder';

const PASTE_START = '\u001b[200~';
const PASTE_END = '\u001b[201~';
/** A paste longer than this is cut: no message may be that long, and memory has to stay bounded. */
export const PASTE_MAX_CHARS = 100_000;

export type TerminalInput =
  | { readonly kind: 'keys'; readonly keys: string }
  | { readonly kind: 'paste'; readonly text: string };

/** Turns on bracketed paste in the terminal, and off again. */
export const PASTE_MODE = { on: '\u001b[?2004h', off: '\u001b[?2004l' } as const;

export class KeyStream {
  readonly #decoder = new StringDecoder('utf8');
  #held = '';
  #pasted: string | undefined;

  /** What the chunk completes, in order. */
  push(chunk: Uint8Array): TerminalInput[] {
    let rest = this.#held + this.#decoder.write(Buffer.from(chunk));
    this.#held = '';
    const inputs: TerminalInput[] = [];
    for (;;) {
      const marker = this.#pasted === undefined ? PASTE_START : PASTE_END;
      const at = rest.indexOf(marker);
      if (at === -1) break;
      this.#take(rest.slice(0, at), inputs);
      rest = rest.slice(at + marker.length);
      if (this.#pasted === undefined) this.#pasted = '';
      else {
        inputs.push({ kind: 'paste', text: this.#pasted });
        this.#pasted = undefined;
      }
    }
    const held = heldLength(rest, this.#pasted === undefined ? PASTE_START : PASTE_END);
    this.#held = rest.slice(rest.length - held);
    this.#take(rest.slice(0, rest.length - held), inputs);
    return inputs;
  }

  #take(text: string, inputs: TerminalInput[]): void {
    if (this.#pasted !== undefined) this.#pasted = (this.#pasted + text).slice(0, PASTE_MAX_CHARS);
    else if (text !== '') inputs.push({ kind: 'keys', keys: text });
  }
}

/** How much of the end may be the beginning of the marker. A lone ESC outside of a paste is the Escape key,
 * which must not wait for the next one. */
function heldLength(text: string, marker: string): number {
  const shortest = marker === PASTE_START ? 2 : 1;
  for (let length = Math.min(marker.length - 1, text.length); length >= shortest; length--) {
    if (text.endsWith(marker.slice(0, length))) return length;
  }
  return 0;
}
