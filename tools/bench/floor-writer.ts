// The floor's only writer: rows in order of arrival, one transaction a batch, synchronous=FULL, an answer after COMMIT.
import { Database } from 'bun:sqlite';

declare const self: Worker;

const COLUMNS_COUNT = 7;
/** Between two batches, the log is folded into the database once it has grown by this much. */
const CHECKPOINT_ROWS_COUNT = 10_000;

let db: Database | undefined;
let rowsSinceCheckpoint = 0;

type Batch = (number | string)[];
let insert: ReturnType<Database['prepare']>;
let setHead: ReturnType<Database['prepare']>;

/** Opens the store and says, as read back from it, how it syncs. */
function open(folder: string): string {
  db = new Database(`${folder}/floor.sqlite`, { create: true, strict: true });
  db.run('PRAGMA page_size = 4096');
  db.run('PRAGMA journal_mode = WAL');
  db.run('PRAGMA synchronous = FULL');
  db.run('PRAGMA wal_autocheckpoint = 0');
  db.run('CREATE TABLE conversations (id INTEGER PRIMARY KEY, head INTEGER NOT NULL)');
  db.run(`CREATE TABLE entries (
    id INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, seq INTEGER NOT NULL, message_id INTEGER NOT NULL,
    sender INTEGER NOT NULL, client_msg_id TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,
    UNIQUE (conversation, seq), UNIQUE (client_msg_id, sender, conversation))`);
  insert = db.prepare(
    'INSERT INTO entries (conversation, seq, message_id, sender, client_msg_id, at, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  setHead = db.prepare(
    'INSERT INTO conversations VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET head = excluded.head',
  );
  const journal = Object.values(db.prepare('PRAGMA journal_mode').get() as object)[0] as string;
  const synchronous = Object.values(db.prepare('PRAGMA synchronous').get() as object)[0] as number;
  return `journal_mode=${journal} synchronous=${synchronous === 2 ? 'FULL' : synchronous}`;
}

function write(database: Database, batch: Batch): void {
  const heads = new Map<number, number>();
  database.run('BEGIN IMMEDIATE');
  for (let i = 0; i < batch.length; i += COLUMNS_COUNT) {
    insert.run(
      batch[i] as number,
      batch[i + 1] as number,
      batch[i + 2] as number,
      batch[i + 3] as number,
      batch[i + 4] as string,
      batch[i + 5] as number,
      batch[i + 6] as string,
    );
    heads.set(batch[i] as number, batch[i + 1] as number);
  }
  for (const [conversation, head] of heads) {
    setHead.run(conversation, head);
  }
  database.run('COMMIT');
}

self.addEventListener('message', (event: MessageEvent<string | Batch>) => {
  if (typeof event.data === 'string') {
    self.postMessage(open(event.data));
    return;
  }
  if (db === undefined) {
    throw new Error('The first message must name the folder.');
  }
  write(db, event.data);
  self.postMessage(event.data.length / COLUMNS_COUNT);
  rowsSinceCheckpoint += event.data.length / COLUMNS_COUNT;
  if (rowsSinceCheckpoint >= CHECKPOINT_ROWS_COUNT) {
    db.run('PRAGMA wal_checkpoint(PASSIVE)');
    rowsSinceCheckpoint = 0;
  }
});
