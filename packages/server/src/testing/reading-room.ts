// A group in which three users read and write, and short words for what they ask: for tests of what is read.
import type { ClientMsgId, ConversationId, Seq } from '@parley/protocol/ids';
import type { StandingView, Watermark } from '@parley/protocol/reading';
import { ServerFixture, type FixtureOptions } from './server-fixture.ts';
import type { OfType, TestClient } from './test-client.ts';

export type Person = TestClient & { token: string };

export interface Room {
  readonly fixture: ServerFixture;
  readonly ada: Person;
  readonly bob: Person;
  readonly cleo: Person;
  /** Its creation is seq 1; nothing else is in it. */
  readonly group: ConversationId;
}

export async function room(options: FixtureOptions = {}, history?: 'all' | 'joined'): Promise<Room> {
  const fixture = new ServerFixture(options);
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const cleo = await fixture.join('cleo');
  const group = await ada.group('room', [bob.userId, cleo.userId], history);
  return { fixture, ada, bob, cleo, group };
}

export const read = (client: TestClient, conversation_id: ConversationId, seq: Seq) =>
  client.request({ type: 'read', conversation_id, seq });

export const markUnread = (client: TestClient, conversation_id: ConversationId, seq: Seq) =>
  client.request({ type: 'mark_unread', conversation_id, seq });

export async function standingOf(
  client: TestClient,
  conversation_id: ConversationId,
): Promise<StandingView | undefined> {
  const answer = await client.request({ type: 'get_conversation', conversation_id });
  if (answer.type !== 'conversation') throw new Error(JSON.stringify(answer));
  return answer.conversation.standing;
}

/** [read, unread, mentions] */
export async function counts(client: TestClient, conversation: ConversationId): Promise<number[]> {
  const standing = await standingOf(client, conversation);
  return standing === undefined ? [] : [standing.read, standing.unread, standing.mentions];
}

export async function watermarks(client: TestClient, conversation_id: ConversationId): Promise<Watermark[]> {
  const answer = await client.request({ type: 'get_watermarks', conversation_id });
  if (answer.type !== 'watermarks') throw new Error(JSON.stringify(answer));
  return answer.rows;
}

export async function receiptsOf(
  client: TestClient,
  conversation_id: ConversationId,
  seq: Seq,
): Promise<OfType<'message_receipts'>> {
  const answer = await client.request({ type: 'get_receipts', conversation_id, seq });
  if (answer.type !== 'message_receipts') throw new Error(JSON.stringify(answer));
  return answer;
}

/** Says something of which only the fields matter, and returns its seq. */
export async function says(
  client: TestClient,
  conversation: ConversationId,
  id: string,
  fields: object = {},
): Promise<Seq> {
  const result = await client.post(conversation, id, { content: { kind: 'text', text: id }, ...fields });
  if (!('seq' in result)) throw new Error(JSON.stringify(result));
  return result.seq;
}

export async function setReceipts(client: TestClient, read_receipts: boolean): Promise<void> {
  await client.request({ type: 'set_settings', read_receipts });
}

export const idOf = (text: string): ClientMsgId => text as ClientMsgId;

/** Marks and receipts wait for others before they are stored and told. */
export async function told(fixture: ServerFixture): Promise<void> {
  await fixture.timers.advance(3_100);
}
