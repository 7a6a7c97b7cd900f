// A Python that has the `websockets` library: that of the environment, or of the virtual environment of .ci/run.
import { fileURLToPath } from 'node:url';

const CANDIDATES = [
  process.env['PARLEY_TEST_PYTHON'],
  fileURLToPath(new URL('../../../node_modules/.cache/parley-python/bin/python', import.meta.url)),
  'python3',
];

export function pythonWithWebsockets(): string | undefined {
  return CANDIDATES.find((python) => {
    if (python === undefined || Bun.which(python) === null) return false;
    const script = 'from websockets.asyncio.client import connect';
    return Bun.spawnSync([python, '-c', script], { stdout: 'ignore', stderr: 'ignore' }).exitCode === 0;
  });
}
