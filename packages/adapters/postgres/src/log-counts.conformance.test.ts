// PostgreSQL passes the suite of the counts of the logs, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testLogCounts } from '@parley/ports/conformance/log-counts';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testLogCounts('postgres', open, reopen);
});
