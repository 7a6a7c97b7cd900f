// PostgreSQL passes the suite of the offline queue, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testOfflineQueue } from '@parley/ports/conformance/offline-queue';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testOfflineQueue('postgres', open, reopen);
});
