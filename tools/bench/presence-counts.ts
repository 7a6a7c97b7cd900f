// The calls that the presence bench counts in the server, by port and method; each has a slot of the shared memory.
export const COUNTED = [
  'status.set',
  'status.renew',
  'contacts.setLastSeen',
  'contacts.watchersAmong',
  'contacts.contacts',
] as const;
export type Counted = (typeof COUNTED)[number];
