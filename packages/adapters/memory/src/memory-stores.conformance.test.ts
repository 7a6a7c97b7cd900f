// The durable stores in memory pass the suites of their ports.
import { testAccountStore } from '@parley/ports/conformance/account-store';
import { testMemberStore } from '@parley/ports/conformance/member-store';
import { testMessageStore } from '@parley/ports/conformance/message-store';
import { testOfflineQueue } from '@parley/ports/conformance/offline-queue';
import { MemoryStores } from './memory-stores.ts';

const open = async () => new MemoryStores();

testMessageStore('memory', open);
testMemberStore('memory', open);
testAccountStore('memory', open);
testOfflineQueue('memory', open);
testOfflineQueue('memory, as written by advance', async () => new MemoryStores({ inbox: 'written' }));
