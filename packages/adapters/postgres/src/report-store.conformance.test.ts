// PostgreSQL passes the suite of the report store, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testReportStore } from '@parley/ports/conformance/report-store';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testReportStore('postgres', open, reopen);
});
