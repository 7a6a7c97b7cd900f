// Text that people chose, as the bytea that it is stored as: PostgreSQL's text takes no U+0000, and sorts by locale.
// Bytes of UTF-8 sort by code point, so that a range of them finds what begins with a text.

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
