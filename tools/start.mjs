// `npm start -- [flags]`: sets up what is missing, then runs `parley serve [flags]` until it ends.
// package.json says `exec`, so that npm's signals reach this process and not a shell that would leave it behind.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { bunPath, setup } from './setup.mjs';

setup();
const main = fileURLToPath(new URL('../apps/cli/src/main.ts', import.meta.url));
const server = spawn(bunPath, [main, 'serve', ...process.argv.slice(2)], { stdio: 'inherit' });

// A terminal sends Ctrl-C to the whole group, the server included; a second one would mean "stop at once".
process.on('SIGINT', () => process.stdin.isTTY || server.kill('SIGINT'));
process.on('SIGTERM', () => server.kill('SIGTERM'));
server.on('error', (error) => {
  console.error(`parley: ${error.message}`);
  process.exitCode = 1;
});
server.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
});
