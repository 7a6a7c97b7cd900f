// The SDK outside of this repository: packed, installed in an empty project, used from Node, Bun and TypeScript.
import { expect, test } from 'bun:test';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scopePerFile } from './lib/test-scope.ts';
import { openWorld } from './lib/world.ts';

const ROOT = join(import.meta.dir, '../..');
const NODE = Bun.which('node') ?? 'node';
const scope = scopePerFile();

function run(folder: string, ...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    cwd: folder,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const said = stdout.toString();
  if (exitCode !== 0) {
    throw new Error(`${command.join(' ')} ended with ${exitCode}: ${said}${stderr.toString()}`);
  }
  return said;
}

/** As README.md says it. */
function project(): string {
  const folder = scope.folder();
  run(ROOT, NODE, 'tools/build-sdk.mjs');
  run(ROOT, 'npm', 'pack', '-w', 'packages/protocol', '-w', 'packages/client', '--pack-destination', folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'outside', private: true, type: 'module' }),
  );
  const packed = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  expect(packed).toHaveLength(2);
  run(
    folder,
    'npm',
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    ...packed.map((name) => `./${name}`),
  );
  return folder;
}

const PROGRAM = `
import { ChatClient } from '@parley/client';
const [url, token, peer] = process.argv.slice(2) as [string, string, string];
const seen: number[] = [];
const client = new ChatClient({ url, token, onEntry: (entry) => void seen.push(entry.seq) });
await client.connect();
const { conversation_id } = await client.openDirect({ name: peer });
const { seq } = await client.send(conversation_id, 'from outside');
while (!seen.includes(seq)) await new Promise((resolve) => setTimeout(resolve, 10));
await client.close();
console.log(JSON.stringify({ seq, seen }));
`;

test('the packed SDK chats from Node and from Bun, and its types compile in strict mode', async () => {
  const folder = project();
  const { server, accounts } = await openWorld(scope, ['ada', 'bob']);
  const token = accounts[0]?.token ?? '';
  writeFileSync(join(folder, 'chat.ts'), PROGRAM);
  const strict = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', '', '--outDir', 'out'];
  writeFileSync(join(folder, 'process.d.ts'), 'declare const process: { argv: string[] };\n');
  run(folder, join(ROOT, 'node_modules/.bin/tsc'), ...strict, 'chat.ts', 'process.d.ts');
  const fromNode = run(folder, NODE, 'out/chat.js', server.url, token, 'bob');
  expect(JSON.parse(fromNode)).toEqual({ seq: 1, seen: [1] });
  const fromBun = run(folder, process.execPath, 'chat.ts', server.url, token, 'bob');
  expect(JSON.parse(fromBun)).toMatchObject({ seq: 2 });
});
