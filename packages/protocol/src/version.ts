// The protocol's version. Any change of a frame's shape needs a new line in HISTORY; version.test.ts checks that.

export const SUBPROTOCOL = 'parley.v1';

/** One line a version: what changed, and the fingerprint of all frame schemas at that version. */
export const HISTORY = [
  {
    version: 1,
    fingerprint: 'c546384e298e5d4019267353ce3776c6c95e8457a23a0dcabe4fa606b6e9aec0',
    note: 'first version',
  },
  {
    version: 2,
    fingerprint: '87dbe655c299bf13025cfcc8ea25e056c776bd9e05278222274949e3edadae97',
    note: 'messages are edited, deleted, reacted to, pinned, answered, threaded, forwarded; mentions and attachments as data',
  },
  {
    version: 3,
    fingerprint: '055225bb2fcc20c68c4dfbdd00bdd4efdb6b88a828147a8cc024d02e0156720f',
    note: 'receipts, unread counts, typing, presence, blocks, reports, devices, timelines, invitations, channels, group settings',
  },
] as const satisfies readonly { version: number; fingerprint: string; note: string }[];

export const PROTOCOL_VERSION = 3;
/** The oldest version that this server still speaks. */
export const PROTOCOL_VERSION_FLOOR = 1;

/** The highest version that both sides speak, or undefined. */
export function agreeVersion(client: { version: number; min_version: number }): number | undefined {
  const version = Math.min(client.version, PROTOCOL_VERSION);
  return version >= PROTOCOL_VERSION_FLOOR && version >= client.min_version ? version : undefined;
}
