// PROTOCOL.md says the same as the code: errors, close codes, limits, frames.
import { readFileSync } from 'node:fs';
import { expect, test } from 'bun:test';
import { afterClose, CLOSE_CODES } from './close-code.ts';
import { decodeDown, decodeUp } from './codec.ts';
import { knownEntrySchema } from './entry.ts';
import { ERRORS } from './error-code.ts';
import * as limits from './limits.ts';
import { upSchemas } from './up.ts';
import { downSchemas } from './down.ts';

const text = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');

/** The rows of the table whose head has these columns, as their cells. */
function table(...columns: string[]): string[][] {
  const lines = text.split('\n');
  const head = lines.indexOf(`| ${columns.join(' | ')} |`);
  if (head < 0) throw new Error(`PROTOCOL.md has no table ${columns.join(', ')}`);
  const end = lines.findIndex((line, at) => at > head && !line.startsWith('|'));
  return lines.slice(head + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

const unquoted = (cell: string | undefined) => (cell ?? '').replaceAll('`', '');

test("[ERR-1] the table of errors is the code's", () => {
  const rows = table('code', 'retry', 'means').map(([code, retry, means]) => [unquoted(code), retry, means]);
  expect(rows).toEqual(Object.entries(ERRORS).map(([code, { retry, means }]) => [code, retry, means]));
});

test("[CLOSE-1] the table of close codes is the code's", () => {
  const rows = table('code', 'name', 'then', 'means').map(([code, name, then, means]) => [
    code,
    unquoted(name),
    then?.replace(' ', '_'),
    means,
  ]);
  expect(rows).toEqual(
    Object.entries(CLOSE_CODES).map(([code, { name, after, means }]) => [code, name, after, means]),
  );
});

test('[CLOSE-1] a code that is not in the table means the network: reconnect', () => {
  for (const code of [1000, 1001, 1006, 4000, 4999, Number.NaN]) expect(afterClose(code)).toBe('reconnect');
  expect([4400, 4401, 4430, 1009].map(afterClose)).toEqual(['stop', 'sign_in', 'reconnect', 'stop']);
});

test("[SOCK-3] [SEND-1] the table of limits is the code's", () => {
  const valueOf = (cell: string | undefined) =>
    (cell ?? '')
      .replaceAll(',', '')
      .split('*')
      .reduce((product, factor) => product * Number(factor), 1);
  const rows = table('limit', 'value', 'what');
  for (const [name, value] of rows)
    expect([name, valueOf(value)]).toEqual([name, Reflect.get(limits, name ?? '') as number]);
  const inTable = new Set(rows.map(([name]) => name));
  // Its rule says it in words beside the other one.
  expect(Object.keys(limits).filter((name) => !inTable.has(name))).toEqual(['PASSWORD_MAX_UNITS']);
});

test('the table of entries has every kind and its fields', () => {
  const rows = table('kind', 'fields', 'what happened').map(([kind, fields]) => {
    const names = [...(fields ?? '').replaceAll(/\[.*?\]/g, '').matchAll(/`([a-z_]+)/g)].map(
      (found) => found[1] ?? '',
    );
    return [unquoted(kind), names.toSorted()];
  });
  const common = new Set(['seq', 'from', 'message_id', 'sender', 'client_msg_id', 'at', 'kind']);
  const kinds = knownEntrySchema.def.options.map((schema) => {
    return [
      schema.shape.kind.def.values[0],
      Object.keys(schema.shape)
        .filter((name) => !common.has(name))
        .toSorted(),
    ];
  });
  expect(rows).toEqual(kinds as never);
});

test('every frame is named in PROTOCOL.md', () => {
  for (const schema of [...upSchemas, ...downSchemas]) {
    const type = schema.shape.type.def.values[0];
    expect([type, text.includes(`\`${type}\``) || text.includes(`"type":"${type}"`)]).toEqual([type, true]);
  }
});

test('[SOCK-2] every message of the worked session that is written out in full can be read', () => {
  const session = text.slice(text.indexOf('## 14. A worked session'));
  const lines = session
    .split('\n')
    .filter((line) => /^[<>] /.test(line) && !line.includes('…}') && !line.includes(',…'));
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) {
    const message = line.slice(2).replace('plt_…', 'plt_x');
    const frames = line.startsWith('>') ? decodeUp(message) : decodeDown(message);
    expect([line, frames.filter((frame) => frame.kind === 'fault')]).toEqual([line, []]);
  }
});
