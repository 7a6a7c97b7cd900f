// The writer's thread: takes a batch at a time, answers when it is durable, then looks after the WAL.
import { parentPort, workerData } from 'node:worker_threads';
import { Checkpointer } from './checkpointer.ts';
import { syncPath } from './data-folder.ts';
import { greatestId } from './greatest-id.ts';
import { openWriter, WRITER_BUSY_MS } from './database.ts';
import { migrate, MIGRATIONS } from './migrations.ts';
import { CLOSE, type Greeting, REMOVE_ERASED } from './worker-link.ts';
import type { WriteRequest, WriterMessage } from './write-calls.ts';
import { Writer } from './writer.ts';

/** What emptying the WAL waits for the short reads of this server. Writes wait as well. */
const REMOVE_ERASED_WAIT_MS = 25;

export interface WriterData {
  readonly file: string;
  readonly newLogId: string | undefined;
  readonly now: number;
}

function begin({ file, newLogId, now }: WriterData): void {
  const port = parentPort;
  if (port === null) throw new Error('this file is a worker');
  const notes: string[] = [];
  const database = openWriter(file);
  const writer = { current: undefined as Writer | undefined };
  const checkpointer = new Checkpointer({
    database,
    busyMs: WRITER_BUSY_MS,
    onFault: ({ kind, message }) => {
      if (kind === 'broken' && writer.current !== undefined) writer.current.stop(`checkpoint: ${message}`);
      // Later ones are put off and tried again: there is nobody to tell, and nothing is lost.
      else if (writer.current === undefined) notes.push(`checkpoint: ${message}`);
    },
  });
  const say = (message: WriterMessage): void => port.postMessage(JSON.stringify(message));
  let toldStopped = false;
  const tellIfStopped = (): void => {
    const reason = writer.current?.stopped;
    if (reason === undefined || toldStopped) return;
    toldStopped = true;
    say({ kind: 'stopped', reason });
  };
  // A crash may have left a commit in the WAL that nobody synced, or whose sync had failed. It is visible from now on,
  // so it must be durable first: copying it into the database writes it anew and syncs it.
  const atRest = checkpointer.truncate();
  if (!atRest) {
    if (notes.length > 0) throw new Error(`The data cannot be brought to rest: ${notes.join('; ')}`);
    notes.push('another process reads the data: the WAL of the last run is kept for now');
    syncPath(`${file}-wal`);
  }
  const logId = migrate({ database, migrations: MIGRATIONS, now, newLogId });
  const greatest = greatestId(database);
  const live = new Writer(database);
  writer.current = live;
  port.on('message', (text: string) => {
    if (text === CLOSE) {
      if (live.stopped === undefined) checkpointer.truncate();
      database.close(true);
      port.close();
      return;
    }
    if (text === REMOVE_ERASED) {
      const done = live.stopped !== undefined || checkpointer.truncateWithin(REMOVE_ERASED_WAIT_MS);
      say({ kind: 'erased_removed', done });
      tellIfStopped();
      return;
    }
    say({ kind: 'batch', answers: live.execute(JSON.parse(text) as WriteRequest[]) });
    if (live.takeErased()) say({ kind: 'erased' });
    if (live.stopped === undefined) checkpointer.afterBatch();
    tellIfStopped();
  });
  port.postMessage({ kind: 'ready', logId, greatestId: greatest, notes } satisfies Greeting);
  if (!atRest) say({ kind: 'erased' });
}

try {
  begin(workerData as WriterData);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  parentPort?.postMessage({ kind: 'refused', message } satisfies Greeting);
}
