// PostgreSQL passes the suite of the personal store, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testPersonalStore } from '@parley/ports/conformance/personal-store';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testPersonalStore('postgres', open, reopen);
});
