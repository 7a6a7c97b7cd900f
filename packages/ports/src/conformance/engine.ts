// Where the tests of an adapter find its real engine: by a URL in the environment.
import { describe, test } from 'bun:test';

const variables = {
  postgres: 'PARLEY_TEST_POSTGRES',
  cassandra: 'PARLEY_TEST_CASSANDRA',
  redis: 'PARLEY_TEST_REDIS',
  redisCluster: 'PARLEY_TEST_REDIS_CLUSTER',
  nats: 'PARLEY_TEST_NATS',
} as const;

export type EngineName = keyof typeof variables;

/** The URL of an engine that the tests may fill and empty; undefined where there is none. */
export function engine(name: EngineName): string | undefined {
  const url = process.env[variables[name]];
  return url === '' ? undefined : url;
}

/** Describes tests that need the engine. Where it is not to be had, one skipped test stands for them and says why. */
export function describeWithEngine(name: EngineName, body: (url: string) => void): void {
  const url = engine(name);
  describe(`on ${name}`, () => {
    if (url === undefined) test.skip(howToStart(name), () => undefined);
    else body(url);
  });
}

function howToStart(name: EngineName): string {
  return `${variables[name]} is not set: \`npm run services start ${name}\`, then \`npm test\` finds it`;
}
