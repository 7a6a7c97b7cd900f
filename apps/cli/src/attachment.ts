// What is attached to a message: a file's name, type, size and hash. The bytes stay where they are.
import { basename, extname } from 'node:path';
import type { Attachment } from '@parley/client';
import { ATTACHMENTS_MAX_COUNT } from '@parley/protocol/limits';
import { CliError } from './cli-error.ts';

const UNKNOWN_TYPE = 'application/octet-stream';

/** The metadata of these files, in their order. Each is read once, in pieces, for its hash. */
export async function attachmentsOf(paths: readonly string[]): Promise<Attachment[]> {
  if (paths.length > ATTACHMENTS_MAX_COUNT) {
    throw new CliError({
      code: 'invalid_field',
      field: 'attachments',
      message: `A message has at most ${ATTACHMENTS_MAX_COUNT} attachments, not ${paths.length}. Nothing was sent.`,
    });
  }
  const attachments: Attachment[] = [];
  for (const path of paths) attachments.push(await attachmentOf(path));
  return attachments;
}

async function attachmentOf(path: string): Promise<Attachment> {
  const file = Bun.file(path);
  const hash = new Bun.CryptoHasher('sha256');
  let size = 0;
  try {
    for await (const piece of file.stream()) {
      hash.update(piece);
      size += piece.byteLength;
    }
  } catch (error) {
    throw new CliError({
      code: 'io',
      field: 'attachments',
      message: `--attach ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}. Nothing was sent.`,
    });
  }
  return {
    name: basename(path),
    media_type: mediaType(path),
    size_bytes: size,
    sha256: hash.digest('hex'),
  };
}

/** By the name's extension; without parameters such as a charset. */
function mediaType(path: string): string {
  if (extname(path) === '') return UNKNOWN_TYPE;
  return Bun.file(path).type.split(';')[0]?.trim().toLowerCase() ?? UNKNOWN_TYPE;
}
