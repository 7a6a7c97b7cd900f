// Malformed input of every kind, for every frame that there is: the cases come from the schemas themselves.
import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import * as z from 'zod/mini';
import { decodeDown, decodeUp, encode, type Decoded } from './codec.ts';
import { downSchemas } from './down.ts';
import { isErrorCode } from './error-code.ts';
import { MESSAGE_FRAMES_MAX_COUNT, MESSAGE_SIZE_MAX_BYTES } from './limits.ts';
import { samplesOf, type JsonValue } from './testing/samples.ts';
import { upSchemas, type Up } from './up.ts';

type Path = readonly (string | number)[];
type Json = { [key: string]: JsonValue };

const typeOf = (schema: { shape: { type: z.ZodMiniLiteral<string> } }) =>
  schema.shape.type.def.values[0] as string;
const samples = new Map(upSchemas.map((schema) => [typeOf(schema), samplesOf(schema) as Json]));
const message = (frame: unknown) => JSON.stringify([frame]);

/** Every place of a value that holds neither an object nor a list, but the frame's type. */
function scalarPaths(value: JsonValue, at: Path = []): Path[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => scalarPaths(each, [...at, index]));
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, each]) =>
    at.length === 0 && key === 'type' ? [] : scalarPaths(each, [...at, key]),
  );
}

/** Every place of a value that holds an object, the frame itself among them. */
function objectPaths(value: JsonValue, at: Path = []): Path[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => objectPaths(each, [...at, index]));
  if (typeof value !== 'object' || value === null) return [];
  return [at, ...Object.entries(value).flatMap(([key, each]) => objectPaths(each, [...at, key]))];
}

/** The text of a frame with the value at a path replaced by text as it is: what no JSON.stringify writes. */
function withText(frame: Json, path: Path, text: string): string {
  const mark = '"@@here@@"';
  const changed = structuredClone(frame);
  let holder: JsonValue = changed;
  for (const key of path.slice(0, -1)) holder = (holder as Json)[key as string] as JsonValue;
  (holder as Json)[path.at(-1) as string] = '@@here@@';
  return `[${JSON.stringify(changed).replace(mark, () => text)}]`;
}

function only(decoded: readonly Decoded<Up>[]): Decoded<Up> {
  expect(decoded).toHaveLength(1);
  return decoded[0] as Decoded<Up>;
}

const NEVER_VALID = [
  '9007199254740992',
  '-1',
  '1e309',
  '-1e309',
  '1.5',
  '{"$ne":null}',
  '{"$gt":""}',
  'null',
  '[]',
  'true',
  '{"_placeholder":true,"num":0}',
];

describe.each([...samples])('[SOCK-4] %s', (type, frame) => {
  test('a valid one is read as it was written', () => {
    expect(only(decodeUp(message(frame)))).toEqual({ kind: 'frame', frame: frame as Up });
    expect(decodeUp(encode([frame as Up]))).toEqual(decodeUp(message(frame)));
  });

  test('every scalar field refuses what it can never be, by its own name', () => {
    for (const path of scalarPaths(frame)) {
      for (const text of NEVER_VALID) {
        const changed = withText(frame, path, text);
        // A flag says `true` or is absent.
        if (changed === message(frame)) continue;
        const read = only(decodeUp(changed));
        if (read.kind !== 'fault') throw new Error(`${type}.${path.join('.')} takes ${text}`);
        expect(read.fault).toMatchObject({ code: 'invalid_field', retry: 'no' });
        expect(path.join('.')).toStartWith(read.fault.field ?? '-');
      }
      expect(decodeUp(withText(frame, path, 'NaN'))).toMatchObject([
        { kind: 'fault', fault: { code: 'malformed' } },
      ]);
    }
  });

  test('every list refuses one more than its limit, and no list takes what is no list', () => {
    for (const [key, value] of Object.entries(frame)) {
      if (!Array.isArray(value)) continue;
      const many = Array.from({ length: 1_001 }, () => value[0] as JsonValue);
      expect(decodeUp(message({ ...frame, [key]: many }))).toMatchObject([
        { kind: 'fault', fault: { field: key } },
      ]);
      for (const wrong of [{ 0: value[0], length: 1 }, 'x', 1, null]) {
        expect(decodeUp(message({ ...frame, [key]: wrong }))).toMatchObject([
          { kind: 'fault', fault: { field: key } },
        ]);
      }
    }
  });

  test('a field that is missing is named', () => {
    for (const key of Object.keys(frame)) {
      if (key === 'type') continue;
      const { [key]: _, ...rest } = frame;
      const read = only(decodeUp(message(rest)));
      if (read.kind === 'fault') expect(read.fault).toMatchObject({ code: 'invalid_field', field: key });
    }
  });

  test('[VERSION-2] an unknown field of a client is refused at every depth, whatever its name', () => {
    for (const path of objectPaths(frame)) {
      for (const name of ['shoe_size', '__proto__', 'constructor', 'prototype', 'toString', '']) {
        const at = JSON.stringify(
          path.reduce<JsonValue>((value, key) => (value as Json)[key as string] as JsonValue, frame),
        );
        const changed = `{${JSON.stringify(name)}:{"type":"hello"},${at.slice(1)}`;
        const text = path.length === 0 ? `[${changed}]` : withText(frame, path, changed);
        const read = only(decodeUp(text));
        if (read.kind !== 'fault') throw new Error(`${type}.${path.join('.')} takes a field ${name}`);
        expect(read.fault.code).toBe('invalid_field');
        expect(read.fault.field).toContain(name);
      }
    }
    expect(({} as { type?: unknown }).type).toBeUndefined();
  });
});

test('[SOCK-7] a fault carries the ref of its request, where that is one', () => {
  const refOf = (ref: unknown) =>
    decodeUp(message({ type: 'dance', ref })).map((each) => each.kind === 'fault' && each.ref);
  expect([0, 7, 2 ** 31 - 1].map(refOf)).toEqual([[0], [7], [2 ** 31 - 1]]);
  for (const ref of [-1, 2 ** 31, 2 ** 53 - 1, 1.5, '7', null, {}, undefined])
    expect(refOf(ref)).toEqual([undefined] as never);
});

test('[ERR-1] what is no array of objects with a type is malformed', () => {
  const texts = [
    '',
    ' ',
    '{',
    '{}',
    '"x"',
    '1',
    'null',
    'undefined',
    '[1]',
    '[null]',
    '["hello"]',
    '[[]]',
    '[{}',
    '\u0000',
    '[{"type":"heartbeat"}]x',
  ];
  for (const text of texts)
    expect(decodeUp(text)).toMatchObject([{ kind: 'fault', fault: { code: 'malformed' }, ref: undefined }]);
  for (const type of [1, null, {}, ['hello'], true]) {
    expect(decodeUp(message({ type }))).toMatchObject([
      { kind: 'fault', fault: { code: 'invalid_field', field: 'type' } },
    ]);
  }
  for (const type of ['__proto__', 'constructor', 'toString', '', 'HELLO', ' hello', 'welcome']) {
    expect(decodeUp(message({ type }))).toMatchObject([
      { kind: 'fault', fault: { code: 'unknown_frame' }, type: undefined },
    ]);
  }
  expect(decodeUp('[]')).toEqual([]);
});

test('[SOCK-3] 256 frames are read, 257 are refused as one; the server may send more', () => {
  const beats = (type: string, count: number) =>
    JSON.stringify(Array.from({ length: count }, () => ({ type })));
  expect(decodeUp(beats('heartbeat', MESSAGE_FRAMES_MAX_COUNT))).toHaveLength(256);
  expect(decodeUp(beats('heartbeat', 257))).toMatchObject([{ kind: 'fault', fault: { code: 'malformed' } }]);
  expect(decodeDown(beats('beat', 257))).toHaveLength(257);
});

test('[SOCK-4] nesting as deep as a message can be is refused, not fatal', () => {
  const half = MESSAGE_SIZE_MAX_BYTES / 2 - 40;
  const deep = (open: string, close: string) =>
    open.repeat(half / open.length) + close.repeat(half / open.length);
  const texts = [
    deep('[', ']'),
    `[{"type":"heartbeat","x":${deep('[', ']')}}]`,
    `[{"type":"heartbeat","x":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}]`,
    `[{"type":"send","ref":1,"conversation_id":"1","messages":[{"client_msg_id":"a","content":{"kind":"text","text":${deep('[', ']')}}}]}]`,
    '['.repeat(MESSAGE_SIZE_MAX_BYTES),
  ];
  for (const text of texts) {
    const [read] = decodeUp(text);
    expect(read?.kind).toBe('fault');
    expect(JSON.stringify(read).length).toBeLessThan(1_000);
  }
});

test('[SOCK-4] a fault is short, however long what it names', () => {
  const name = 'x'.repeat(50_000);
  for (const frame of [
    { type: name },
    { type: 'heartbeat', [name]: 1 },
    { type: 'find_users', ref: 1, names: [name] },
  ]) {
    expect(JSON.stringify(decodeUp(message(frame))).length).toBeLessThan(1_000);
  }
});

function expectWellFormed(decoded: readonly Decoded<Up>[]): void {
  for (const each of decoded) {
    if (each.kind === 'frame') continue;
    const { code, message: text, retry } = each.fault;
    if (!isErrorCode(code) || text === '' || retry !== 'no') throw new Error(JSON.stringify(each));
  }
}

test('[ERR-2] decodeUp never throws, whatever the text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) =>
      expectWellFormed(decodeUp(text)),
    ),
  );
});

test('[ERR-2] decodeUp never throws on a valid frame of which something was changed', () => {
  const frame = fc.constantFrom(...samples.values());
  const change = fc.tuple(frame, fc.nat(), fc.jsonValue({ maxDepth: 3 })).map(([each, at, value]) => {
    const paths = scalarPaths(each);
    const path = paths[at % Math.max(1, paths.length)];
    return path === undefined
      ? message({ ...each, x: value as JsonValue })
      : withText(each, path, JSON.stringify(value));
  });
  fc.assert(fc.property(change, (text) => expectWellFormed(decodeUp(text))));
  const bytes = fc
    .tuple(frame, fc.nat(), fc.string({ minLength: 1, maxLength: 3 }))
    .map(([each, at, insert]) => {
      const text = message(each);
      return text.slice(0, at % text.length) + insert + text.slice((at % text.length) + (at % 3));
    });
  fc.assert(fc.property(bytes, (text) => expectWellFormed(decodeUp(text))));
});

test('[SOCK-5] [VERSION-2] unknown fields, frames and entry kinds of the server are ignored', () => {
  for (const schema of downSchemas) {
    const frame = { ...(samplesOf(schema) as Json), later: { x: 1 } };
    const [read] = decodeDown(message(frame));
    expect(read).toMatchObject({ kind: 'frame', frame: { type: typeOf(schema) } });
  }
  const common = { seq: 1, message_id: '1', sender: '1', client_msg_id: 'a', at: 1 };
  const entries = [
    { ...common, kind: 'poll_opened', options: ['a'] },
    { ...common, kind: 'message', content: { kind: 'video', url: 'x' } },
  ];
  const text = JSON.stringify([
    { type: 'fireworks', x: 1 },
    { type: 'entries', conversation_id: '1', entries },
    { type: 'beat' },
  ]);
  expect(decodeDown(text)).toMatchObject([
    { kind: 'fault', fault: { code: 'unknown_frame' } },
    { kind: 'frame', frame: { type: 'entries', entries: [{ kind: 'poll_opened' }, { kind: 'message' }] } },
    { kind: 'frame', frame: { type: 'beat' } },
  ]);
  expect(decodeDown('[{"type":"error","code":"later_code","message":"x","retry":"later"}]')).toMatchObject([
    { kind: 'frame' },
  ]);
});
