// PostgreSQL passes the suite of the receipt store, restarts included.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testReceiptStore } from '@parley/ports/conformance/receipt-store';
import { testWorlds } from './test-worlds.ts';

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testReceiptStore('postgres', open, reopen);
});
