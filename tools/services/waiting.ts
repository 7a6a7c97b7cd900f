// Waiting for what another process does, with a deadline.
import { connect } from 'node:net';
import { ServicesError } from './engine.ts';

const POLL_EVERY_MS = 50;
const CONNECT_WITHIN_MS = 1_000;

/** Asks until the answer is yes; past the deadline it throws and says what did not come. */
export async function poll(
  what: string,
  withinMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new ServicesError(`waited ${withinMs / 1000} s for ${what}, in vain`);
    await Bun.sleep(POLL_EVERY_MS);
  }
}

/** Whether something takes connections there. */
export function answers({ host, port }: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_WITHIN_MS });
    const settle = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.on('connect', () => settle(true));
    socket.on('timeout', () => settle(false));
    socket.on('error', () => settle(false));
  });
}
