// node:test, which Bun runs as well. The runner waits for the promise that it gives back.
import nodeTest from 'node:test';

export function test(title: string, body: () => void | Promise<void>): void {
  void nodeTest(title, body);
}
