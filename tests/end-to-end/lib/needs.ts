// What a machine may lack: a test that needs it is skipped, loudly, and fails where CI is set.

/** Returns whether the test can run. `what` says what is missing. */
export function present(found: boolean, what: string): boolean {
  if (found) return true;
  if (process.env['CI'] !== undefined && process.env['CI'] !== '')
    throw new Error(`missing, and CI is set: ${what}`);
  console.warn(`!!! SKIPPED, missing: ${what}`);
  return false;
}

/** The full-length runs of `npm run test:long`. */
export const isLong = process.env['PARLEY_TEST_LONG'] === '1';
