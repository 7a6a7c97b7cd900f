// Splits a byte stream into lines, holding no more than one chunk and one line of bounded length.

/** More than any message may have: a longer line is given up as it comes, so that memory stays flat. */
export const LINE_MAX_BYTES = 65_536;

export type InputLine =
  | { readonly kind: 'line'; readonly number: number; readonly text: string }
  | { readonly kind: 'too_long'; readonly number: number };

const LINE_FEED = 0x0a;

/** Lines numbered from 1, without their line ends (LF or CRLF). Bytes that are not UTF-8 become U+FFFD. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<InputLine> {
  const line = new LineBuffer();
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      line.append(chunk.subarray(start, end));
      yield line.take();
      start = end + 1;
    }
    line.append(chunk.subarray(start));
  }
  if (!line.isEmpty) yield line.take();
}

class LineBuffer {
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #number = 0;

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  append(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    // A copy, because a stream may use its chunk's memory again.
    if (this.#bytes <= LINE_MAX_BYTES) this.#parts.push(Buffer.from(part));
    else this.#parts = [];
  }

  take(): InputLine {
    const number = ++this.#number;
    const tooLong = this.#bytes > LINE_MAX_BYTES;
    const text = tooLong ? '' : Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    if (tooLong) return { kind: 'too_long', number };
    return { kind: 'line', number, text: text.endsWith('\r') ? text.slice(0, -1) : text };
  }
}
