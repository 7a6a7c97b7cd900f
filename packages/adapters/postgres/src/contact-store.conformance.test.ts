// PostgreSQL passes the suite of the contact store, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testContactStore } from '@parley/ports/conformance/contact-store';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testContactStore('postgres', open, reopen);
});
