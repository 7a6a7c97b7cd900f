// Emits packages/protocol/dist and packages/client/dist, so that Node and bundlers can import @parley/client.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const name of ['protocol', 'client'])
  rmSync(`${root}/packages/${name}/dist`, { recursive: true, force: true });
const tsc = `${root}/node_modules/typescript/bin/tsc`;
const result = spawnSync(process.execPath, [tsc, '-b', `${root}/packages/client/tsconfig.build.json`], {
  stdio: 'inherit',
});
process.exitCode = result.status ?? 1;
