// Appends that go to the server in one statement, and what its answer means for each of them.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { AppendOutcome, LogState, NewEntry, Token } from '@parley/ports/message-store';
import type { Database } from './database.ts';
import { COMMON_KIND, type EntryRow, storedEntry } from './entry-row.ts';
import { statement } from './statement.ts';

export interface Append {
  readonly conversation: ConversationId;
  readonly token: Token;
  readonly expectedHead: Seq;
  readonly entries: readonly NewEntry[];
}

/** A refused append: `existing` where it has duplicates, else the state of the log, null where it has no row. */
interface RefusedRow {
  /** Its place in the batch, from 1. */
  readonly place: number;
  readonly state: { readonly token: Token; readonly head: Seq; readonly floor: Seq } | null;
  readonly existing: readonly EntryRow[] | null;
}

const APPEND = statement<RefusedRow>(
  'log_append',
  `SELECT place, state, existing FROM append_entries($1::bigint[], $2::text[], $3::bigint[], $4::integer[],
     $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::text[])`,
);

const UNWRITTEN: LogState = { token: undefined, head: 0, floor: 0 };

/** One commit for all of them. Their outcomes, in order; rejects as Database.write does, for all alike. */
export async function writeAppends(
  database: Database,
  appends: readonly Append[],
): Promise<readonly AppendOutcome[]> {
  // In one order in every batch: batches that run at the same time never wait for each other in a circle.
  const order = [...appends.keys()].sort((one, other) =>
    compareIds(appends[one]?.conversation ?? '0', appends[other]?.conversation ?? '0'),
  );
  const sorted = order.flatMap((place) => appends[place] ?? []);
  const refused = await database.write(APPEND, parameters(sorted));
  const outcomes = appends.map(({ expectedHead, entries }): AppendOutcome => ({
    kind: 'applied',
    head: expectedHead + entries.length,
  }));
  for (const row of refused) outcomes[order[row.place - 1] ?? 0] = refusal(row);
  return outcomes;
}

function parameters(appends: readonly Append[]) {
  const entries = appends.flatMap((append) => append.entries);
  return [
    appends.map(({ conversation }) => conversation),
    appends.map(({ token }) => token),
    appends.map(({ expectedHead }) => expectedHead),
    appends.map((append) => append.entries.length),
    entries.map(({ kind }) => (kind === COMMON_KIND ? null : kind)),
    entries.map(({ messageId }) => messageId),
    entries.map(({ sender }) => sender),
    entries.map(({ clientMsgId }) => clientMsgId),
    entries.map(({ at }) => at),
    entries.map(({ body }) => body),
  ];
}

function refusal({ state, existing }: RefusedRow): AppendOutcome {
  return {
    kind: 'refused',
    reason:
      existing === null
        ? { kind: 'fenced', state: state ?? UNWRITTEN }
        : { kind: 'duplicate', existing: existing.map(storedEntry) },
  };
}

/** Decimal ids without a sign or zeros before them. */
function compareIds(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
