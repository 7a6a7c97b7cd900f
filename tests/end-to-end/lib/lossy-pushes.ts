// A socket for the SDK that loses, repeats and delays some of the pushes that the server sends, and nothing else.
import type { OpenSocket } from '@parley/client';
import type { Json } from './parley.ts';
import type { Seeded } from './seeded.ts';

export class LossyPushes {
  readonly counts = { lost: 0, repeated: 0, late: 0 };
  readonly #random: Seeded;
  #lossy = true;

  constructor(random: Seeded) {
    this.#random = random;
  }

  heal(): void {
    this.#lossy = false;
  }

  readonly openSocket: OpenSocket = ({ url, events }) => {
    const socket = new WebSocket(url, ['parley.v1']);
    socket.addEventListener('open', () => events.opened());
    socket.addEventListener('close', ({ code }) => events.closed(code));
    socket.addEventListener('message', ({ data }) => {
      for (const frame of JSON.parse(String(data)) as Json[]) {
        const deliver = (): void => events.message(JSON.stringify([frame]));
        if (frame['type'] !== 'entries' || !this.#lossy) deliver();
        else this.#mistreat(deliver);
      }
    });
    return { send: (text) => socket.send(text), close: () => socket.close(1000) };
  };

  #mistreat(deliver: () => void): void {
    const kind = this.#random.pick(['lost', 'repeated', 'late', 'fine'] as const);
    if (kind !== 'fine') this.counts[kind]++;
    if (kind === 'late') setTimeout(deliver, this.#random.between(1, 60));
    if (kind === 'fine' || kind === 'repeated') deliver();
    if (kind === 'repeated') setTimeout(deliver, this.#random.between(0, 30));
  }
}
