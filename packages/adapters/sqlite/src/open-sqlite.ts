// Opens the durable stores on one folder: takes its lock, starts the writer and the reader, and closes them in order.
import type { AccountStore } from '@parley/ports/account-store';
import type { Clock } from '@parley/ports/clock';
import type { ContactStore } from '@parley/ports/contact-store';
import type { InviteStore } from '@parley/ports/invite-store';
import type { Log } from '@parley/ports/log';
import type { MemberStore } from '@parley/ports/member-store';
import type { MessageStore } from '@parley/ports/message-store';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { PersonalStore } from '@parley/ports/personal-store';
import type { Randomness } from '@parley/ports/randomness';
import type { ReportStore } from '@parley/ports/report-store';
import type { ReceiptStore } from '@parley/ports/receipt-store';
import type { Timers } from '@parley/ports/timers';
import { createDataFolder, dataFolder, type DataFolder } from './data-folder.ts';
import { ErasedFrames } from './erased-frames.ts';
import { asOpenError } from './disk-full.ts';
import { FolderLock } from './folder-lock.ts';
import type { ReadAnswer } from './read-calls.ts';
import { ReadQueue } from './read-queue.ts';
import { SqliteAccountStore } from './sqlite-account-store.ts';
import { SqliteContactStore } from './sqlite-contact-store.ts';
import { SqliteInviteStore } from './sqlite-invite-store.ts';
import { SqliteMemberStore } from './sqlite-member-store.ts';
import { SqliteMessageStore } from './sqlite-message-store.ts';
import { SqliteOfflineQueue } from './sqlite-offline-queue.ts';
import { SqlitePersonalStore } from './sqlite-personal-store.ts';
import { SqliteReceiptStore } from './sqlite-receipt-store.ts';
import { SqliteReportStore } from './sqlite-report-store.ts';
import { REMOVE_ERASED, WorkerLink } from './worker-link.ts';
import type { WriterMessage } from './write-calls.ts';
import { WriteQueue } from './write-queue.ts';
import type { ReaderData } from './reader-worker.ts';
import type { WriterData } from './writer-worker.ts';

const LOG_ID_BYTES = 16;

export interface OpenSqliteOptions {
  /** Made if it is not there, for its owner alone. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * For getting erased text out of the WAL within 5 s. Without them that is tried once, at once: a reader that is in
   * the way puts it off until something else is erased, or until the stores are closed.
   */
  readonly timers?: Timers;
  /** For the log id of a new folder; SQLite draws one if it is not given. */
  readonly randomness?: Randomness;
}

/** The durable stores on one database. Disposing finishes what was asked for, then frees the folder. */
export interface SqliteStores extends AsyncDisposable {
  readonly messages: MessageStore;
  readonly queue: OfflineQueue;
  readonly members: MemberStore;
  readonly accounts: AccountStore;
  readonly receipts: ReceiptStore;
  readonly personal: PersonalStore;
  readonly contacts: ContactStore;
  readonly invites: InviteStore;
  readonly reports: ReportStore;
  /** The greatest id in the data when it was opened: new ones go on above it. Undefined for new data. */
  readonly greatestId: string | undefined;
  /**
   * Resolves with the reason once the stores have stopped by themselves: an I/O error or a thread that died. Every call
   * fails from then on. The server must stop: a new start recovers what was written.
   */
  readonly failed: Promise<string>;
}

/** Rejects with a StoreError when the folder cannot be used: locked by another server, read-only, of a newer version, on a full disk. */
export async function openSqlite(options: OpenSqliteOptions): Promise<SqliteStores> {
  const folder = dataFolder(options.directory);
  let lock: FolderLock | undefined;
  try {
    createDataFolder(folder);
    lock = new FolderLock(folder);
    return await start(folder, lock, options);
  } catch (error) {
    lock?.[Symbol.dispose]();
    throw asOpenError(error, folder.directory);
  }
}

async function start(
  folder: DataFolder,
  lock: FolderLock,
  options: OpenSqliteOptions,
): Promise<SqliteStores> {
  const failed = Promise.withResolvers<string>();
  const links: { writer?: WorkerLink; reader?: WorkerLink } = {};
  const reads = new ReadQueue({ post: (requests) => links.reader?.post(requests) });
  const writes = new WriteQueue({
    post: (requests) => links.writer?.post(JSON.stringify(requests)),
    onStopped: (reason) => {
      options.log.error({ reason }, 'the store has stopped');
      // What can be read now may never have reached the disk.
      reads.stop(reason);
      failed.resolve(reason);
    },
  });
  const erased = new ErasedFrames({
    timers: options.timers,
    askToRemove: () => links.writer?.post(REMOVE_ERASED),
  });
  const { link, logId, greatestId, notes } = await startWriter({ folder, options, writes, erased });
  links.writer = link;
  for (const note of notes) options.log.warn({ note }, 'the store has started with a note');
  try {
    links.reader = await startReader(folder, reads, (reason) => writes.stop(reason));
  } catch (error) {
    erased.stop();
    await link.close();
    throw error;
  }
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([writes.close(), reads.close()]);
    await links.reader?.close();
    // Closing empties the WAL as well.
    erased.stop();
    await link.close();
    lock[Symbol.dispose]();
  };
  return {
    messages: new SqliteMessageStore({ logId, writes, reads }),
    queue: new SqliteOfflineQueue({ writes, reads }),
    members: new SqliteMemberStore({ writes, reads }),
    accounts: new SqliteAccountStore({ writes, reads }),
    receipts: new SqliteReceiptStore({ writes, reads }),
    personal: new SqlitePersonalStore({ writes, reads }),
    contacts: new SqliteContactStore({ writes, reads }),
    invites: new SqliteInviteStore({ writes, reads }),
    reports: new SqliteReportStore({ writes, reads }),
    greatestId,
    failed: failed.promise,
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

interface WriterParts {
  readonly folder: DataFolder;
  readonly options: OpenSqliteOptions;
  readonly writes: WriteQueue;
  readonly erased: ErasedFrames;
}

function startWriter({ folder, options, writes, erased }: WriterParts) {
  const data: WriterData = {
    file: folder.database,
    newLogId: options.randomness?.bytes(LOG_ID_BYTES).toHex(),
    now: options.clock.now(),
  };
  return WorkerLink.start({
    script: new URL('./writer-worker.ts', import.meta.url),
    data,
    onMessage: (text) => {
      const message = JSON.parse(text as string) as WriterMessage;
      switch (message.kind) {
        case 'batch':
          writes.answered(message.answers);
          break;
        case 'erased':
          erased.remove();
          break;
        case 'erased_removed':
          erased.answered(message.done);
          break;
        case 'stopped':
          writes.stop(message.reason);
          break;
        default:
          message satisfies never;
      }
    },
    onDeath: (reason) => writes.died(reason),
  });
}

async function startReader(
  folder: DataFolder,
  reads: ReadQueue,
  onDeath: (reason: string) => void,
): Promise<WorkerLink> {
  const data: ReaderData = { file: folder.database };
  const { link } = await WorkerLink.start({
    script: new URL('./reader-worker.ts', import.meta.url),
    data,
    onMessage: (answers) => reads.answered(answers as ReadAnswer[]),
    onDeath,
  });
  return link;
}
