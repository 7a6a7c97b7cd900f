// Sets up what is missing and nothing else: the packages of package-lock.json, then the Bun binary.
// Plain Node, no dependency; writes to stderr only, so that the output of what runs next stays clean.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));
const lockWaitMs = 300_000;
/** npm installs a text stub of a few hundred bytes; the real binary has about 100 MB. */
const stubMaxBytes = 1_000_000;

export const bunPath = join(root, 'node_modules/bun/bin/bun.exe');

class SetupError extends Error {}

/** Makes sure that packages and runtime are there; ends the process with a message when that is impossible. */
export function setup() {
  if (isSetUp()) return;
  try {
    const release = lock();
    try {
      // Another process may have done the work while this one waited for the lock.
      if (!packagesAreInstalled()) installPackages();
      if (!bunIsLinked()) linkBun();
    } finally {
      release();
    }
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exit(1);
  }
}

function isSetUp() {
  return packagesAreInstalled() && bunIsLinked();
}

/** npm writes node_modules/.package-lock.json when an install is complete: it must hold all that the lock file asks for. */
function packagesAreInstalled() {
  try {
    const wanted = readLock(join(root, 'package-lock.json'));
    const installed = readLock(join(root, 'node_modules/.package-lock.json'));
    // Optional packages are those of other platforms: they may be absent from either list.
    return (
      Object.keys(wanted).every((path) => path === '' || agree(wanted[path], installed[path])) &&
      Object.keys(installed).every((path) => agree(installed[path], wanted[path]))
    );
  } catch {
    return false;
  }
}

function readLock(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

function agree(a, b) {
  return b === undefined
    ? a.optional === true
    : a.version === b.version && a.integrity === b.integrity && a.resolved === b.resolved;
}

function bunIsLinked() {
  return existsSync(bunPath) && statSync(bunPath).size > stubMaxBytes;
}

function installPackages() {
  say('installing the packages of package-lock.json (once) …');
  // Not `npm ci`: it empties node_modules under whatever runs from it, and it refuses a lock file
  // that lacks optional packages of other platforms, which some registries do not carry.
  const args = [
    'install',
    '--no-save',
    '--include=dev',
    '--include=optional',
    '--loglevel=error',
    // Both: npm refuses a longest wait below the shortest, which is 10 s unless said.
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ];
  const result = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  const output = `${result.error?.message ?? ''}${result.stderr ?? ''}`.trim();
  if (result.status === 0) {
    if (packagesAreInstalled()) return;
    throw new SetupError(
      'What was installed is not what package-lock.json says. Run `npm install`, then try again; where that changes ' +
        'package-lock.json, the change belongs into a commit.',
    );
  }
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET/.test(output);
  throw new SetupError(
    offline
      ? `the npm registry cannot be reached. It is needed once: check the network and \`npm config get registry\`.\n${output}`
      : `npm could not install the packages.\n${output}`,
  );
}

function linkBun() {
  say('linking the Bun runtime …');
  const installer = join(root, 'node_modules/bun/install.js');
  const result = spawnSync(process.execPath, [installer], { cwd: dirname(installer), encoding: 'utf8' });
  if (bunIsLinked()) return;
  throw new SetupError(`the Bun runtime could not be linked.\n${result.stdout ?? ''}${result.stderr ?? ''}`);
}

/** One process at a time may install: a file outside the checkout holds the pid of the one that does. */
function lock() {
  const id = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const file = join(tmpdir(), `parley-setup-${id}.lock`);
  const deadline = Date.now() + lockWaitMs;
  for (let waited = false; ;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (holderIsGone(file)) rmSync(file, { force: true });
    else if (Date.now() > deadline)
      throw new SetupError(`another setup still runs; if it does not, remove ${file}`);
    else {
      if (!waited) say('another setup is running, waiting for it …');
      waited = true;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
}

function holderIsGone(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // An empty file is one that its owner is about to write.
    if (!pid) return Date.now() - statSync(file).mtimeMs > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function say(line) {
  process.stderr.write(`parley setup: ${line}\n`);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === self) setup();
