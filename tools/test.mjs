// `npm test`: sets up, runs every stage even after one failed, ends with one line `N passed, N failed`.
//   npm test -- --only types,lint      some stages        npm run test:long      the end-to-end tests in full
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bunPath, setup } from './setup.mjs';
import { countJunit, countSummary } from './test-report.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Only ends what hangs: no test says anything about speed, and a busy machine may be slow. */
const TEST_WITHIN_MS = 60_000;
const reports = mkdtempSync(join(tmpdir(), 'parley-test-'));

const stages = [
  { name: 'types', run: () => command('tsc', '-p', '.') },
  { name: 'types-browser', run: () => command('tsc', '-p', 'tsconfig.browser.json') },
  { name: 'format', run: () => command('oxfmt', '--check', '.') },
  { name: 'lint', run: () => command('oxlint') },
  { name: 'unit', run: () => bunTest('unit', './packages', './apps', './tools') },
  { name: 'build', run: () => node('tools/build-sdk.mjs') },
  { name: 'node', run: () => nodeTest('packages/client/test/run-node.mjs') },
  { name: 'end-to-end', run: () => bunTest('end-to-end', './tests/end-to-end') },
];

/** A stage without tests of its own counts as one. */
function command(tool, ...args) {
  return outcome(spawn(join(root, 'node_modules/.bin', tool), args).status === 0);
}

function node(script) {
  return outcome(spawn(process.execPath, [script]).status === 0);
}

function bunTest(name, ...folders) {
  const report = join(reports, `${name}.xml`);
  const args = [
    'test',
    `--timeout=${TEST_WITHIN_MS}`,
    '--reporter=junit',
    `--reporter-outfile=${report}`,
    ...folders,
  ];
  const { status } = spawn(bunPath, args);
  return settle(status, existsSync(report) ? countJunit(readFileSync(report, 'utf8')) : undefined);
}

function nodeTest(script) {
  if (!existsSync(join(root, script))) {
    console.log(`${script} does not exist: the SDK's tests did not run under Node.`);
    return outcome(false);
  }
  const result = spawn(process.execPath, [script], {
    stdio: ['inherit', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  process.stdout.write(result.stdout);
  return settle(result.status, countSummary(result.stdout));
}

/** What a report says, unless the process contradicts it: one that fails, or reports no test, is a failure. */
function settle(status, count) {
  if (count === undefined || count.passed + count.failed + count.skipped.length === 0) return outcome(false);
  return status !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}

function outcome(ok) {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: [] };
}

function spawn(file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) console.log(result.error.message);
  return result;
}

function choose() {
  const options = { only: { type: 'string' }, long: { type: 'boolean', default: false } };
  const { values } = parseArgs({ options });
  if (values.long) process.env.PARLEY_TEST_LONG = '1';
  const names = values.long ? ['end-to-end'] : (values.only?.split(',') ?? stages.map(({ name }) => name));
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length === 0) return stages.filter(({ name }) => names.includes(name));
  console.error(`No stage ${unknown.join(', ')}. There are: ${stages.map(({ name }) => name).join(', ')}`);
  return process.exit(2);
}

/** Tells the tests which engines answer, where the environment does not say so itself; about the others it says how. */
function findEngines() {
  const { stdout } = spawn(bunPath, ['tools/services/main.ts', 'env'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  for (const [, name, value] of stdout.matchAll(/^(\w+)=(.+)$/gm)) process.env[name] ??= value;
}

const chosen = choose();
setup();
if (chosen.some(({ name }) => name === 'unit' || name === 'end-to-end')) findEngines();
const total = { passed: 0, failed: 0, skipped: [] };
for (const stage of chosen) {
  console.log(`\n=== ${stage.name} ===`);
  const start = performance.now();
  const { passed, failed, skipped } = stage.run();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `=== ${stage.name}: ${failed === 0 ? 'ok' : `${failed} FAILED`}, ${passed} passed, ${seconds} s ===`,
  );
  total.passed += passed;
  total.failed += failed;
  total.skipped.push(...skipped);
}
rmSync(reports, { recursive: true, force: true });

if (total.skipped.length > 0) {
  console.log(`\n!!! ${total.skipped.length} SKIPPED${process.env.CI ? ', which CI counts as failed' : ''}:`);
  for (const name of total.skipped) console.log(`!!!   ${name}`);
  if (process.env.CI) total.failed += total.skipped.length;
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
