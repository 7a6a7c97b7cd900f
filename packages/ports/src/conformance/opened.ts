// What an adapter hands to the suites of the stores: stores on one data set, and how to close and open them again.
import type { AccountStore } from '../account-store.ts';
import type { ContactStore } from '../contact-store.ts';
import type { InviteStore } from '../invite-store.ts';
import type { MemberStore } from '../member-store.ts';
import type { MessageStore } from '../message-store.ts';
import type { OfflineQueue } from '../offline-queue.ts';
import type { PersonalStore } from '../personal-store.ts';
import type { ReceiptStore } from '../receipt-store.ts';
import type { ReportStore } from '../report-store.ts';

export interface Stores {
  readonly messages: MessageStore;
  readonly members: MemberStore;
  readonly queue: OfflineQueue;
  readonly accounts: AccountStore;
  readonly receipts: ReceiptStore;
  readonly personal: PersonalStore;
  readonly contacts: ContactStore;
  readonly invites: InviteStore;
  readonly reports: ReportStore;
}

/** Some of the stores, on the same data. Disposing it closes them and clears the data away. */
export type Opened<Name extends keyof Stores> = Pick<Stores, Name> & AsyncDisposable;

/** Opens the stores on new, empty data. */
export type Open<World> = () => Promise<World>;

/** Closes the stores and opens them on the same data, as after a restart. Durable adapters have it. */
export type Reopen<World> = (world: World) => Promise<World>;

/** Runs the first part, restarts, and runs the second part on what was kept. */
export async function acrossRestart<World extends AsyncDisposable>(options: {
  readonly open: Open<World>;
  readonly reopen: Reopen<World>;
  readonly before: (world: World) => Promise<void>;
  readonly after: (world: World) => Promise<void>;
}): Promise<void> {
  let world = await options.open();
  try {
    await options.before(world);
    world = await options.reopen(world);
    await options.after(world);
  } finally {
    await world[Symbol.asyncDispose]();
  }
}
