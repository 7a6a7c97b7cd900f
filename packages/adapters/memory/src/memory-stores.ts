// All durable stores on one world: what a node opens when it starts.
import { MemoryAccountStore } from './memory-account-store.ts';
import { MemoryMemberStore } from './memory-member-store.ts';
import { MemoryMessageStore } from './memory-message-store.ts';
import { MemoryOfflineQueue, type MemoryOfflineQueueOptions } from './memory-offline-queue.ts';
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

  constructor(options: MemoryStoresOptions = {}) {
    this.world = options.world ?? new MemoryWorld();
    this.messages = new MemoryMessageStore(this.world, options.fault);
    this.members = new MemoryMemberStore(this.world, options.fault);
    this.queue = new MemoryOfflineQueue(this.world, options);
    this.accounts = new MemoryAccountStore(this.world, options.fault);
  }

  /** The node dies. Open other stores on the same world to restart it: they find what had its effect. */
  crash(): void {
    for (const store of [this.messages, this.members, this.queue, this.accounts]) store.crash();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of [this.messages, this.members, this.queue, this.accounts])
      await store[Symbol.asyncDispose]();
  }
}
