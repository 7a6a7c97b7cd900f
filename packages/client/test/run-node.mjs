// Runs the SDK's tests under Node against packages/client/dist, which tools/build-sdk.mjs made. Prints `# pass N`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const root = join(folder, '../..');
const out = join(folder, 'test/dist');

if (!existsSync(join(folder, 'dist/index.js'))) run([join(root, 'tools/build-sdk.mjs')]);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
run([join(root, 'node_modules/typescript/bin/tsc'), '-p', join(folder, 'tsconfig.test.json')]);

// The tests import what was built for users, not a copy that was compiled along with them.
const emitted = readdirSync(join(out, 'src')).filter((name) => name.endsWith('.js'));
const tests = emitted.filter((name) => name.endsWith('.test.js')).map((name) => join(out, 'src', name));
for (const name of emitted.filter((one) => !one.endsWith('.test.js'))) {
  const built = join(folder, 'dist', name);
  if (!existsSync(built)) throw new Error(`${relative(root, built)} is missing: run tools/build-sdk.mjs`);
  const path = join(out, 'src', name);
  writeFileSync(path, `export * from '${relative(dirname(path), built).replaceAll('\\', '/')}';\n`);
}

const result = spawnSync(process.execPath, ['--test', '--test-reporter=tap', ...tests], {
  stdio: ['ignore', 'pipe', 'inherit'],
  encoding: 'utf8',
});
rmSync(out, { recursive: true, force: true });
const failed = result.status !== 0;
const lines = result.stdout.split('\n');
// A run that passes is told by its counts; one that fails, in full.
console.log(
  failed ? result.stdout : lines.filter((line) => /^# (tests|pass|fail) \d+$/.test(line)).join('\n'),
);
const passed = Number(/^# pass (\d+)$/m.exec(result.stdout)?.[1] ?? 0);
process.exitCode = failed || passed === 0 ? 1 : 0;

function run(args) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
}
