// For the tests of this package: a process that appends until it is killed, and prints what was acknowledged.
import { writeSync } from 'node:fs';
import type { ConversationId } from '@parley/protocol/ids';
import type { NewEntry, Token } from '@parley/ports/message-store';
import { openStores } from './test-folder.ts';

const [directory = '', conversations = '4', rounds = 'Infinity'] = process.argv.slice(2);
const TOKEN = '00000000000000aa' as Token;

function entry(conversation: string, seq: number): NewEntry {
  const id = `${conversation}${String(seq).padStart(8, '0')}`;
  const body = JSON.stringify({ content: { kind: 'text', text: `text ${id}` } });
  return { kind: 'message', messageId: id, sender: '11', clientMsgId: `c-${id}`, at: seq, body } as NewEntry;
}

const stores = await openStores(directory);
const say = (fields: object): void => void writeSync(1, `${JSON.stringify(fields)}\n`);
void stores.failed.then((reason) => say({ failed: reason }));

async function appendFor(conversation: ConversationId): Promise<void> {
  const claimed = await stores.messages.claim(conversation, TOKEN);
  let head = claimed.kind === 'claimed' ? claimed.head : 0;
  for (let round = 0; round < Number(rounds); round += 1) {
    const count = 1 + (round % 3);
    const entries = Array.from({ length: count }, (_, index) => entry(conversation, head + 1 + index));
    const outcome = await stores.messages.append(conversation, TOKEN, head, entries);
    say({ conversation, outcome: outcome.kind, head: head + count });
    if (outcome.kind !== 'applied') return;
    head = outcome.head;
  }
}

say({ ready: true });
await Promise.all(
  Array.from({ length: Number(conversations) }, (_, index) =>
    appendFor(String(500 + index) as ConversationId),
  ),
);
await stores[Symbol.asyncDispose]();
say({ closed: true });
