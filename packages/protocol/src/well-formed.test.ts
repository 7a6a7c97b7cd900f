// Half of a surrogate pair is refused where a text is kept as it is.
import { expect, test } from 'bun:test';
import { registerRequestSchema } from './account.ts';
import { decodeUp } from './codec.ts';

const HALVES = ['\uD83D', 'a\uDE00b', '\uDE00\uD83D'];
const create = { type: 'create_group', ref: 1, client_msg_id: 'a', member_ids: [] };
const rename = { type: 'rename_group', ref: 1, client_msg_id: 'a', conversation_id: '1' };
const hello = { type: 'hello', version: 1, token: 't' };

test('[CONV-2] [GROUP-1] [HELLO-1] a title or device_name with half of a surrogate pair is an invalid_field', () => {
  for (const half of HALVES) {
    const frames = [
      { ...create, title: half },
      { ...rename, title: half },
      { ...hello, device_name: half },
    ];
    for (const [at, field] of ['title', 'title', 'device_name'].entries()) {
      expect(decodeUp(JSON.stringify([frames[at]]))).toMatchObject([
        { kind: 'fault', fault: { code: 'invalid_field', field } },
      ]);
    }
    const account = { name: 'ada', password: 'correct horse', device_name: half };
    expect(registerRequestSchema.safeParse(account).success).toBe(false);
  }
});

test('[CONV-2] [GROUP-1] [HELLO-1] whole pairs are taken', () => {
  for (const frame of [
    { ...create, title: '😀' },
    { ...rename, title: 'a😀' },
    { ...hello, device_name: '😀b' },
  ]) {
    expect(decodeUp(JSON.stringify([frame]))).toMatchObject([{ kind: 'frame', frame }]);
  }
  const account = { name: 'ada', password: 'correct horse', device_name: '😀' };
  expect(registerRequestSchema.safeParse(account).success).toBe(true);
});
