// PostgreSQL passes the suite of the message store, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testMessageStore } from '@parley/ports/conformance/message-store';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testMessageStore('postgres', open, reopen);
});
