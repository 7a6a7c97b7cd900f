// What is attached, from real files.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ATTACHMENTS_MAX_COUNT } from '@parley/protocol/limits';
import { attachmentSchema } from '@parley/protocol/content';
import { attachmentsOf } from './attachment.ts';
import { CliError } from './cli-error.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-attachment-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

test('[CONTENT-2] name, media type by extension, size and hash, in the order of the files', async () => {
  const paths = [await file('Übung 1.PNG', 'abc'), await file('empty.txt', ''), await file('README', 'x')];
  const attachments = await attachmentsOf(paths);
  expect(attachments.map(({ sha256, ...rest }) => [rest, sha256?.slice(0, 8)])).toEqual([
    [{ name: 'Übung 1.PNG', media_type: 'image/png', size_bytes: 3 }, 'ba7816bf'],
    [{ name: 'empty.txt', media_type: 'text/plain', size_bytes: 0 }, 'e3b0c442'],
    [{ name: 'README', media_type: 'application/octet-stream', size_bytes: 1 }, '2d711642'],
  ]);
  for (const attachment of attachments) expect(attachmentSchema.safeParse(attachment).success).toBe(true);
});

test('one that cannot be read, and one too many, refuse the message and name the field', async () => {
  const many = Array.from({ length: ATTACHMENTS_MAX_COUNT + 1 }, () => join(folder, 'any'));
  for (const paths of [[join(folder, 'gone')], [folder], many]) {
    const error = await attachmentsOf(paths).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CliError);
    expect(error).toMatchObject({
      field: 'attachments',
      message: expect.stringContaining('Nothing was sent.'),
    });
  }
});
