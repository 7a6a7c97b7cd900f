// The durable stores in memory pass the suites of their ports.
import { testAccountStore } from '@parley/ports/conformance/account-store';
import { testContactStore } from '@parley/ports/conformance/contact-store';
import { testInviteStore } from '@parley/ports/conformance/invite-store';
import { testMemberStore } from '@parley/ports/conformance/member-store';
import { testMessageStore } from '@parley/ports/conformance/message-store';
import { testOfflineQueue } from '@parley/ports/conformance/offline-queue';
import { testPersonalStore } from '@parley/ports/conformance/personal-store';
import { testReceiptStore } from '@parley/ports/conformance/receipt-store';
import { testReportStore } from '@parley/ports/conformance/report-store';
import { MemoryStores } from './memory-stores.ts';

const open = async () => new MemoryStores();

testMessageStore('memory', open);
testMemberStore('memory', open);
testAccountStore('memory', open);
testOfflineQueue('memory', open);
testOfflineQueue('memory, as written by advance', async () => new MemoryStores({ inbox: 'written' }));
testContactStore('memory', open);
testInviteStore('memory', open);
testReportStore('memory', open);
testReceiptStore('memory', open);
testPersonalStore('memory', open);
