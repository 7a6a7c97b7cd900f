// A pending timer of the machine never keeps the process alive.
import { expect, test } from 'bun:test';
import { SystemTimers } from './system-timers.ts';

test('a process with pending timers ends by itself, and ran what was asked for by `soon`', async () => {
  const program = `
    import { SystemTimers } from ${JSON.stringify(new URL('./system-timers.ts', import.meta.url).pathname)};
    const timers = new SystemTimers();
    timers.after(600_000, () => {});
    timers.after(2 ** 33, () => {});
    timers.every(600_000, () => {});
    timers.soon(() => console.log('soon'));
  `;
  const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe', timeout: 30_000 });
  expect(await new Response(child.stdout).text()).toBe('soon\n');
  expect(await child.exited).toBe(0);
}, 40_000);

test('an interval that the runtime cannot keep throws', () => {
  const timers = new SystemTimers();
  for (const intervalMs of [0, -1, Number.NaN, 2 ** 31]) {
    expect(() => timers.every(intervalMs, () => {})).toThrow(RangeError);
  }
});
