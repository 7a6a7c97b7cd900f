// The real text that goes through the system: 12,000 lines of Moby-Dick, see data/README.md.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const FILE = fileURLToPath(new URL('../data/moby-dick.txt.gz', import.meta.url));

export function realLines(): string[] {
  return gunzipSync(readFileSync(FILE)).toString('utf8').trimEnd().split('\n');
}
