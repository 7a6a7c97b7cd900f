// All durable stores on one world: what a node opens when it starts.
import { MemoryAccountStore } from './memory-account-store.ts';
import { MemoryContactStore } from './memory-contact-store.ts';
import { MemoryInviteStore } from './memory-invite-store.ts';
import { MemoryMemberStore } from './memory-member-store.ts';
import { MemoryMessageStore } from './memory-message-store.ts';
import { MemoryOfflineQueue, type MemoryOfflineQueueOptions } from './memory-offline-queue.ts';
import { MemoryPersonalStore } from './memory-personal-store.ts';
import { MemoryReceiptStore } from './memory-receipt-store.ts';
import { MemoryReportStore } from './memory-report-store.ts';
import { MemoryWorld } from './memory-world.ts';

export interface MemoryStoresOptions extends MemoryOfflineQueueOptions {
  /** A new, empty one unless given. Pass the world of a node that stopped to restart it. */
  readonly world?: MemoryWorld;
}

export class MemoryStores implements AsyncDisposable {
  readonly world: MemoryWorld;
  readonly messages: MemoryMessageStore;
  readonly members: MemoryMemberStore;
  readonly queue: MemoryOfflineQueue;
  readonly accounts: MemoryAccountStore;
  readonly receipts: MemoryReceiptStore;
  readonly personal: MemoryPersonalStore;
  readonly contacts: MemoryContactStore;
  readonly invites: MemoryInviteStore;
  readonly reports: MemoryReportStore;

  constructor(options: MemoryStoresOptions = {}) {
    this.world = options.world ?? new MemoryWorld();
    this.messages = new MemoryMessageStore(this.world, options.fault);
    this.members = new MemoryMemberStore(this.world, options.fault);
    this.queue = new MemoryOfflineQueue(this.world, options);
    this.accounts = new MemoryAccountStore(this.world, options.fault);
    this.receipts = new MemoryReceiptStore(this.world, options.fault);
    this.personal = new MemoryPersonalStore(this.world, options.fault);
    this.contacts = new MemoryContactStore(this.world, options.fault);
    this.invites = new MemoryInviteStore(this.world, options.fault);
    this.reports = new MemoryReportStore(this.world, options.fault);
  }

  /** The node dies. Open other stores on the same world to restart it: they find what had its effect. */
  crash(): void {
    for (const store of this.#all) store.crash();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#all) await store[Symbol.asyncDispose]();
  }

  get #all() {
    const { messages, members, queue, accounts, receipts, personal, contacts, invites, reports } = this;
    return [messages, members, queue, accounts, receipts, personal, contacts, invites, reports];
  }
}
