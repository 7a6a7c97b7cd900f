// [VERSION-1] A change of the wire is a new version: the fingerprint of everything that is sent says so.
import { createHash } from 'node:crypto';
import { expect, test } from 'bun:test';
import * as z from 'zod/mini';
import { CLOSE_CODES } from './close-code.ts';
import { downSchemas } from './down.ts';
import { ERRORS } from './error-code.ts';
import { upSchemas } from './up.ts';
import { agreeVersion, HISTORY, PROTOCOL_VERSION, PROTOCOL_VERSION_FLOOR } from './version.ts';

/** Keys sorted, so that the order in which a schema is written down is no change of the wire. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(pairs.map(([key, each]) => [key, canonical(each)]));
}

function schemasByType(schemas: typeof upSchemas | typeof downSchemas): Record<string, unknown> {
  return Object.fromEntries(
    schemas.map((schema): [string, unknown] => [
      String(schema.shape.type.def.values[0]),
      z.toJSONSchema(schema, { unrepresentable: 'any' }),
    ]),
  );
}

function fingerprint(): string {
  const errors = Object.entries(ERRORS).map(([code, { retry }]) => [code, retry]);
  const closes = Object.entries(CLOSE_CODES).map(([code, { name, after }]) => [code, name, after]);
  const wire = { up: schemasByType(upSchemas), down: schemasByType(downSchemas), errors, closes };
  return createHash('sha256')
    .update(JSON.stringify(canonical(wire)))
    .digest('hex');
}

test('[VERSION-1] the wire is the one that the newest line of HISTORY describes', () => {
  const present = fingerprint();
  const line = HISTORY.at(-1);
  if (line?.fingerprint !== present) {
    throw new Error(
      [
        'The frames, error codes or close codes changed. In packages/protocol/src/version.ts:',
        `if the change may come within a version (VERSION-2), put the fingerprint ${present} in the last line of HISTORY`,
        'and say in its note what came; otherwise add a line with it and raise PROTOCOL_VERSION. Then tell PROTOCOL.md.',
      ].join('\n'),
    );
  }
});

test('[VERSION-1] versions count up by one, and the last line is the version that is spoken', () => {
  const versions = HISTORY.map((line) => line.version as number);
  expect(versions).toEqual(Array.from({ length: HISTORY.length }, (_, at) => at + 1));
  expect(versions.at(-1)).toBe(PROTOCOL_VERSION);
  expect(PROTOCOL_VERSION_FLOOR).toBeWithin(1, PROTOCOL_VERSION + 1);
  expect(new Set(HISTORY.map((line) => line.fingerprint)).size).toBe(HISTORY.length);
});

test('[HELLO-5] the highest version that both sides speak, or none', () => {
  expect(agreeVersion({ version: PROTOCOL_VERSION, min_version: PROTOCOL_VERSION })).toBe(PROTOCOL_VERSION);
  expect(agreeVersion({ version: PROTOCOL_VERSION + 5, min_version: 1 })).toBe(PROTOCOL_VERSION);
  expect(agreeVersion({ version: PROTOCOL_VERSION + 5, min_version: PROTOCOL_VERSION + 1 })).toBeUndefined();
  expect(agreeVersion({ version: PROTOCOL_VERSION_FLOOR - 1, min_version: 1 })).toBeUndefined();
});
