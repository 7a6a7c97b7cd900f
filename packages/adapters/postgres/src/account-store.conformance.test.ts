// PostgreSQL passes the suite of the account store, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testAccountStore } from '@parley/ports/conformance/account-store';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testAccountStore('postgres', open, reopen);
});
