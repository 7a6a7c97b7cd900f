// PostgreSQL passes the suite of the member store, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testMemberStore } from '@parley/ports/conformance/member-store';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testMemberStore('postgres', open, reopen);
});
