// The log of a conversation as a fresh session reads it, and whether it holds what was acknowledged.
import type { Json } from './parley.ts';
import { WireSession } from './wire-session.ts';

const FINDINGS_MAX_COUNT = 10;

export interface Ack {
  readonly client_msg_id: string;
  readonly seq: number;
  readonly message_id: string;
  readonly at: number;
}

/** All entries, window by window. */
export async function logOf(url: string, token: string, conversation_id: string): Promise<Json[]> {
  const session = await WireSession.welcomed(url, token);
  const log: Json[] = [];
  for (;;) {
    const answer = await session.request({ type: 'pull', conversation_id, after: log.length });
    if (answer['type'] !== 'pulled') throw new Error(JSON.stringify(answer));
    log.push(...(answer['entries'] as Json[]));
    if (answer['through'] === answer['head']) break;
  }
  session.close();
  return log;
}

/** Acknowledged means present at that seq with those ids; dense from 1; no client_msg_id twice. Returns what is wrong. */
export function wrongIn(log: readonly Json[], acks: readonly Ack[]): string[] {
  const holes = log.flatMap(({ seq }, index) =>
    seq === index + 1 ? [] : [`seq ${String(seq)} at ${index + 1}`],
  );
  const lost = acks.flatMap((ack) => {
    const entry = log[ack.seq - 1];
    const same = entry?.['client_msg_id'] === ack.client_msg_id && entry['message_id'] === ack.message_id;
    return same ? [] : [`acknowledged ${JSON.stringify(ack)}, there is ${JSON.stringify(entry)}`];
  });
  const seen = new Set<unknown>();
  const twice = log.flatMap(({ client_msg_id: id }) =>
    seen.size === seen.add(id).size ? [`twice: ${String(id)}`] : [],
  );
  return [...holes, ...lost, ...twice].slice(0, FINDINGS_MAX_COUNT);
}

/** The acknowledgements among the frames that came. */
export function acksIn(frames: readonly Json[]): Ack[] {
  return frames
    .filter(({ type }) => type === 'sent')
    .flatMap(({ results }) => (results as Json[]).filter((result) => 'seq' in result))
    .map((result) => {
      const { client_msg_id, seq, message_id, at } = result;
      return {
        client_msg_id: String(client_msg_id),
        seq: Number(seq),
        message_id: String(message_id),
        at: Number(at),
      };
    });
}
