// PostgreSQL passes the suite of the invite store, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testInviteStore } from '@parley/ports/conformance/invite-store';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testInviteStore('postgres', open, reopen);
});
