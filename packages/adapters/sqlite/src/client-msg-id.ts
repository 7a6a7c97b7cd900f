// How a client_msg_id is stored: a canonical UUID as its 16 bytes, which halves the index; anything else as text.

const UUID_CHARS = 36;
const UUID_BYTES = 16;
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The value of a lower-case hex digit, or -1. */
function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}

function isDashAt(index: number): boolean {
  return index === 8 || index === 13 || index === 18 || index === 23;
}

/** Writes the id's bytes into `scratch` and returns it, or returns the text. Bind it before the next call. */
export function storedClientMsgId(id: string, scratch: Uint8Array): Uint8Array | string {
  if (id.length !== UUID_CHARS) return id;
  let byte = 0;
  for (let index = 0; index < UUID_CHARS; index += 2) {
    if (isDashAt(index)) {
      if (id.charCodeAt(index) !== 45) return id;
      index += 1;
    }
    const high = digit(id.charCodeAt(index));
    const low = digit(id.charCodeAt(index + 1));
    if (high < 0 || low < 0) return id;
    scratch[byte] = (high << 4) | low;
    byte += 1;
  }
  return scratch;
}

export function clientMsgIdScratch(): Uint8Array {
  return new Uint8Array(UUID_BYTES);
}

/** The id as the client chose it. */
export function clientMsgIdText(stored: Uint8Array | string): string {
  if (typeof stored === 'string') return stored;
  let text = '';
  for (let index = 0; index < UUID_BYTES; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += HEX[stored[index] ?? 0];
  }
  return text;
}
