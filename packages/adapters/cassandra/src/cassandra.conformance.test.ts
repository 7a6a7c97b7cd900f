// Cassandra passes the suites of the ports that it serves, restarts included; and also where a bucket is full at once.
import { describe, setDefaultTimeout } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testLogCounts } from '@parley/ports/conformance/log-counts';
import { testMessageStore } from '@parley/ports/conformance/message-store';
import { testOfflineQueue } from '@parley/ports/conformance/offline-queue';
import { BUCKET_SEQS_COUNT } from './buckets.ts';
import { testWorlds } from './testing/test-worlds.ts';

setDefaultTimeout(30_000);

describeWithEngine('cassandra', (url) => {
  for (const bucketSeqsCount of [BUCKET_SEQS_COUNT, 4]) {
    describe(`buckets of ${bucketSeqsCount}`, () => {
      const { open, reopen } = testWorlds(url, bucketSeqsCount);
      testMessageStore('cassandra', open, reopen);
      testLogCounts('cassandra', open, reopen);
      testOfflineQueue('cassandra', open, reopen);
    });
  }
});
