// Every operation of every app, with how it ended: ok, refused, or unknown. A time-out or a crash is unknown, never refused.
import type { Seq } from '@parley/protocol/ids';
import type { Installation } from './installation.ts';

export type Ended =
  | { readonly kind: 'open' }
  | { readonly kind: 'ok'; readonly seq: Seq; readonly messageId: string }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unknown' };

export interface Operation {
  readonly kind: 'send' | 'change' | 'create_group' | 'open_direct';
  readonly installation: Installation;
  /** Undefined for what makes a conversation. */
  readonly conversation: string | undefined;
  readonly clientMsgId: string;
  /** A message's content as JSON; of a change, what it was. */
  readonly body: string;
  /** By the true clock. */
  readonly startedMs: number;
  /** An earlier operation had this id: its order says nothing. */
  readonly repeats: boolean;
  ended: Ended;
  /** In which place it was acknowledged, among all. */
  acknowledged: number | undefined;
}

export class Operations {
  readonly all: Operation[] = [];
  readonly #byId = new Map<string, Operation[]>();
  #acknowledged = 0;

  begin(parts: Omit<Operation, 'ended' | 'acknowledged' | 'repeats'>): Operation {
    const key = idOf(parts.installation.user.name, parts.clientMsgId);
    const same = this.#byId.get(key) ?? [];
    const operation: Operation = {
      ...parts,
      repeats: same.length > 0,
      ended: { kind: 'open' },
      acknowledged: undefined,
    };
    this.#byId.set(key, [...same, operation]);
    this.all.push(operation);
    return operation;
  }

  end(operation: Operation, ended: Ended): void {
    if (operation.ended.kind === 'ok' || operation.ended.kind === 'refused') return;
    operation.ended = ended;
    if (ended.kind === 'ok') operation.acknowledged = this.#acknowledged += 1;
  }

  /** All with the same id by the same user. */
  byId(userName: string, clientMsgId: string): readonly Operation[] {
    return this.#byId.get(idOf(userName, clientMsgId)) ?? [];
  }

  count(kind: Ended['kind']): number {
    return this.all.filter((operation) => operation.ended.kind === kind).length;
  }
}

function idOf(userName: string, clientMsgId: string): string {
  return `${userName} ${clientMsgId}`;
}
