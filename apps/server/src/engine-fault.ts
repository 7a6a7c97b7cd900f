// What goes wrong between a start and an engine, as one sentence that names the setting, without passwords.
import { StoreError } from '@parley/ports/store-error';

/** What a setting names, as people may read it. */
export interface EngineName {
  readonly setting: string;
  readonly shown: string;
}

/** Rejects with a StoreError where the engine is away, refuses, or is not fit. Defects stay what they are. */
export async function atEngine<Result>(
  { setting, shown }: EngineName,
  open: () => Promise<Result>,
): Promise<Result> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Error) || isDefect(error)) throw error;
    const kind = error instanceof StoreError ? error.kind : 'unavailable';
    throw new StoreError(kind, `${setting} (${shown}): ${reasonOf(error)}`);
  }
}

const isDefect = (error: unknown): boolean => error instanceof TypeError || error instanceof ReferenceError;

/** The driver of Cassandra tells what each node said beside the message, that of a socket what each address did. */
function reasonOf(error: Error): string {
  const inner = 'innerErrors' in error ? Object.entries(error.innerErrors ?? {}) : [];
  if (inner.length > 0)
    return `no node of Cassandra can be used: ${inner.map(([host, each]) => `${host}: ${messageOf(each)}`).join('; ')}`;
  return messageOf(error);
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
