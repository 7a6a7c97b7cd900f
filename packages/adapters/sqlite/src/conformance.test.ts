// SQLite passes the suites of the ports that it serves, restarts included.
import { rmSync } from 'node:fs';
import { testAccountStore } from '@parley/ports/conformance/account-store';
import { testContactStore } from '@parley/ports/conformance/contact-store';
import { testInviteStore } from '@parley/ports/conformance/invite-store';
import { testMemberStore } from '@parley/ports/conformance/member-store';
import { testMessageStore } from '@parley/ports/conformance/message-store';
import { testOfflineQueue } from '@parley/ports/conformance/offline-queue';
import { testPersonalStore } from '@parley/ports/conformance/personal-store';
import { testReceiptStore } from '@parley/ports/conformance/receipt-store';
import { testReportStore } from '@parley/ports/conformance/report-store';
import type { SqliteStores } from './open-sqlite.ts';
import { openStores, temporaryFolder } from './test-folder.ts';

interface World extends Omit<SqliteStores, 'failed'> {
  readonly directory: string;
  readonly close: () => Promise<void>;
}

async function openWorld(directory: string): Promise<World> {
  const stores = await openStores(directory);
  const close = () => stores[Symbol.asyncDispose]();
  return {
    ...stores,
    directory,
    close: async () => close(),
    [Symbol.asyncDispose]: async () => {
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const open = (): Promise<World> => openWorld(temporaryFolder());
const reopen = async (world: World): Promise<World> => {
  await world.close();
  return openWorld(world.directory);
};

testMessageStore('sqlite', open, reopen);
testOfflineQueue('sqlite', open, reopen);
testMemberStore('sqlite', open, reopen);
testAccountStore('sqlite', open, reopen);
testContactStore('sqlite', open, reopen);
testInviteStore('sqlite', open, reopen);
testReportStore('sqlite', open, reopen);
testReceiptStore('sqlite', open, reopen);
testPersonalStore('sqlite', open, reopen);
