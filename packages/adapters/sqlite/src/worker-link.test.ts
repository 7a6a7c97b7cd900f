import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StoreError } from '@parley/ports/store-error';
import { TestFolder } from './test-folder.ts';
import { WorkerLink } from './worker-link.ts';

const GREETS = `parentPort.postMessage({ kind: 'ready', logId: 'x', notes: [] });`;

/** Starts a thread that runs the text. */
function start(folder: TestFolder, code: string) {
  const file = join(folder.directory, 'thread.mjs');
  writeFileSync(file, `import { parentPort } from 'node:worker_threads';\n${code}`);
  const messages: unknown[] = [];
  const death = Promise.withResolvers<string>();
  const started = WorkerLink.start({
    script: pathToFileURL(file),
    data: undefined,
    onMessage: (message) => void messages.push(message),
    onDeath: (reason) => death.resolve(reason),
  });
  return { started, messages, death: death.promise };
}

test('a thread that dies unasked is noticed, with the reason', async () => {
  for (const [code, reason] of [
    [`parentPort.on('message', () => { throw new Error('boom'); });`, 'boom'],
    [`parentPort.on('message', () => process.exit(3));`, 'died'],
  ] as const) {
    using folder = new TestFolder();
    const { started, death } = start(folder, `${code}\n${GREETS}`);
    const { link } = await started;
    link.post('go');
    expect(await death).toContain(reason);
    await link.close();
  }
});

test('a thread that cannot begin is an error of the start', async () => {
  for (const [code, reason] of [
    [`parentPort.postMessage({ kind: 'refused', message: 'no disk' });`, 'no disk'],
    [`throw new Error('boom');`, 'boom'],
    [`process.exit(1);`, 'it ended'],
  ] as const) {
    using folder = new TestFolder();
    const refused = await start(folder, code).started.catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StoreError);
    expect(String(refused)).toContain(reason);
  }
});

test('a close waits until the thread has ended by itself, and is no death', async () => {
  using folder = new TestFolder();
  const code = `parentPort.on('message', (m) => { parentPort.postMessage('bye ' + m); parentPort.close(); });\n${GREETS}`;
  const { started, messages, death } = start(folder, code);
  const { link, logId } = await started;
  expect(logId).toBe('x');
  await Promise.all([link.close(), link.close()]);
  expect(messages).toEqual(['bye close']);
  expect(await Promise.race([death, Promise.resolve('alive')])).toBe('alive');
});
