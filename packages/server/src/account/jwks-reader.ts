// Reads a JWKS document from a file or a URL, within a size and, for a URL, a time.
import type { Timers } from '@parley/ports/timers';

export const JWKS_MAX_BYTES = 65_536;
export const JWKS_WITHIN_MS = 5_000;

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Reads the file anew at every call, so that keys can be rotated by replacing it. */
export function fileReader(path: string): () => Promise<string> {
  return async () => {
    const file = Bun.file(path);
    if (file.size > JWKS_MAX_BYTES) throw tooLarge();
    return file.text();
  };
}

/** https, or http on loopback: by plain http, anyone on the way could sign. */
export function isJwksUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

/** Throws RangeError for what is no `isJwksUrl`. */
export function urlReader(url: string, timers: Timers): () => Promise<string> {
  if (!isJwksUrl(url)) throw new RangeError('A JWKS URL must be https (http on loopback only).');
  return async () => {
    const controller = new AbortController();
    const timer = timers.after(JWKS_WITHIN_MS, () =>
      controller.abort(new Error('The JWKS URL did not answer in time.')),
    );
    try {
      const headers = { accept: 'application/json' };
      const response = await fetch(url, { redirect: 'error', headers, signal: controller.signal });
      if (response.status !== 200) throw new Error(`The JWKS URL answered with status ${response.status}.`);
      return await limitedText(response);
    } finally {
      timer.cancel();
      controller.abort();
    }
  };
}

async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > JWKS_MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): Error {
  return new RangeError(`A JWKS document has at most ${JWKS_MAX_BYTES} bytes.`);
}
