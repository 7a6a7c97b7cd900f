// What people do: send in bursts, open conversations, change groups, and now and then what they may not.
import type { ChatClient, Role } from '@parley/client';
import type { Clock } from '@parley/ports/clock';
import type { Chance } from './chance.ts';
import type { HistoryChecker } from './history-checker.ts';
import { refusalOf, type Installation } from './installation.ts';
import type { Operation } from './operations.ts';

export interface WorkloadOptions {
  readonly chance: Chance;
  readonly clock: Clock;
  readonly checker: HistoryChecker;
}

interface Answer {
  readonly seq: number;
  readonly message_id: string;
}

type Acting = { readonly installation: Installation; readonly client: ChatClient };

const BURST_MAX_COUNT = 10;
const LONG_TEXT_UNITS = 3_000;

export class Workload {
  readonly #options: WorkloadOptions;
  readonly #conversations: string[] = [];
  readonly #groups: string[] = [];
  #count = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  /** One thing that somebody does. */
  act(): void {
    const acting = this.#somebody();
    if (acting === undefined) return;
    const what = this.#options.chance.weighted({
      send: 70,
      repeat: 6,
      change: 14,
      createGroup: 3,
      openDirect: 3,
      look: 8,
    });
    switch (what) {
      case 'send':
        return this.#send(acting);
      case 'repeat':
        return this.#repeat(acting);
      case 'change':
        return this.#change(acting);
      case 'createGroup':
        return this.createGroup(acting);
      case 'openDirect':
        return this.openDirect(acting);
      case 'look':
        return this.#look(acting);
    }
  }

  createGroup({ installation, client }: Acting): void {
    const { chance } = this.#options;
    const members = this.#users().filter((user) => user !== installation.user.id && chance.happens(0.6));
    const history = chance.happens(0.5) ? ('all' as const) : ('joined' as const);
    const operation = this.#begin(installation, 'create_group', undefined, history);
    const { clientMsgId } = operation;
    const group = {
      title: `Group ${clientMsgId}`,
      members: members.map((user_id) => ({ user_id })),
      history,
      clientMsgId,
    };
    this.#opened(operation, client.createGroup(group), true);
  }

  openDirect({ installation, client }: Acting): void {
    const peer = this.#options.chance.pick(this.#users().filter((user) => user !== installation.user.id));
    if (peer === undefined) return;
    const operation = this.#begin(installation, 'open_direct', undefined, peer);
    this.#opened(operation, client.openDirect({ user_id: peer }), false);
  }

  #send({ installation, client }: Acting): void {
    const { chance } = this.#options;
    const conversation = this.#conversation(installation);
    if (conversation === undefined) return;
    const count = chance.happens(0.6) ? 1 : chance.between(2, BURST_MAX_COUNT);
    for (let at = 0; at < count; at++) {
      const long = chance.happens(0.02) ? '.'.repeat(LONG_TEXT_UNITS) : '';
      const text = `${installation.name} says ${this.#count}${long}`;
      const operation = this.#begin(
        installation,
        'send',
        conversation,
        JSON.stringify({ kind: 'text', text }),
      );
      this.#settle(operation, client.send(conversation, text, { clientMsgId: operation.clientMsgId }));
    }
  }

  /** The same client_msg_id again, from any device of the user, sometimes with another text. */
  #repeat({ installation, client }: Acting): void {
    const { chance, checker, clock } = this.#options;
    const own = checker.operations.all.filter(
      ({ kind, installation: { user } }) => kind === 'send' && user === installation.user,
    );
    const earlier = chance.pick(own.slice(-30));
    if (earlier?.conversation === undefined) return;
    const { conversation, clientMsgId } = earlier;
    const body = chance.happens(0.7)
      ? earlier.body
      : JSON.stringify({ kind: 'text', text: 'something else' });
    const content = JSON.parse(body) as { kind: 'text'; text: string };
    const startedMs = clock.monotonic();
    checker.trace.note(`${installation.name} repeats ${clientMsgId} in "${conversation}"`);
    const operation = checker.operations.begin({
      kind: 'send',
      installation,
      conversation,
      clientMsgId,
      body,
      startedMs,
    });
    this.#settle(operation, client.send(conversation, content, { clientMsgId }));
  }

  #change(acting: Acting): void {
    const { chance } = this.#options;
    const conversation = chance.happens(0.95) ? chance.pick(this.#groups) : chance.pick(this.#conversations);
    const user_id = chance.pick(this.#users());
    if (conversation === undefined || user_id === undefined) return;
    const { installation, client } = acting;
    const what = chance.weighted({ add: 40, remove: 25, role: 15, rename: 10, leave: 10 });
    const operation = this.#begin(installation, 'change', conversation, `${what} ${user_id}`);
    const id = { clientMsgId: operation.clientMsgId };
    switch (what) {
      case 'add':
        return this.#settle(operation, client.addMembers(conversation, [{ user_id }], id));
      case 'remove':
        return this.#settle(operation, client.removeMember(conversation, { user_id }, id));
      case 'role': {
        const role: Role = chance.pick(['owner', 'admin', 'member'] as const) ?? 'member';
        return this.#settle(operation, client.setRole(conversation, { user_id }, role, id));
      }
      case 'rename':
        return this.#settle(operation, client.renameGroup(conversation, `Title ${this.#count}`, id));
      case 'leave':
        return this.#settle(operation, client.leaveGroup(conversation, id));
    }
  }

  /** Reads lists, members and history, also of conversations that are not the user's, or not any more. */
  #look({ installation, client }: Acting): void {
    const { chance } = this.#options;
    const conversation = chance.happens(0.5)
      ? this.#conversation(installation)
      : chance.pick(this.#conversations);
    if (conversation === undefined) return;
    const look = async (): Promise<void> => {
      for await (const view of client.conversations()) void view;
      for await (const entry of client.history(conversation, { limit: 50 })) void entry;
      for await (const member of client.members(conversation)) void member;
    };
    // What it finds is checked on the wire; that it may be refused is fine.
    look().catch(() => undefined);
  }

  #begin(
    installation: Installation,
    kind: Operation['kind'],
    conversation: string | undefined,
    body: string,
  ): Operation {
    const { checker, clock } = this.#options;
    this.#count += 1;
    const clientMsgId = `${installation.name.replace('/', '.')}-${this.#count}`;
    const startedMs = clock.monotonic();
    checker.trace.note(`${installation.name} begins ${kind} ${clientMsgId} in "${conversation ?? ''}"`);
    return checker.operations.begin({ kind, installation, conversation, clientMsgId, body, startedMs });
  }

  #settle(operation: Operation, answer: Promise<Answer>): void {
    const { operations, trace } = this.#options.checker;
    answer.then(
      ({ seq, message_id }) => {
        trace.note(`${operation.clientMsgId} is acknowledged as ${seq}`);
        operations.end(operation, { kind: 'ok', seq, messageId: message_id });
      },
      (error: unknown) => this.#failed(operation, error),
    );
  }

  #opened(operation: Operation, answer: Promise<{ conversation_id: string }>, isGroup: boolean): void {
    const { operations } = this.#options.checker;
    answer.then(
      ({ conversation_id: conversation }) => {
        operations.end(operation, { kind: 'ok', seq: 0, messageId: '' });
        if (this.#conversations.includes(conversation)) return;
        this.#conversations.push(conversation);
        if (isGroup) this.#groups.push(conversation);
      },
      (error: unknown) => this.#failed(operation, error),
    );
  }

  #failed(operation: Operation, error: unknown): void {
    const { operations, trace } = this.#options.checker;
    const code = refusalOf(error);
    trace.note(`${operation.clientMsgId} ends with ${code ?? `unknown: ${String(error)}`}`);
    operations.end(operation, code === undefined ? { kind: 'unknown' } : { kind: 'refused', code });
  }

  #somebody(): Acting | undefined {
    const { chance, checker } = this.#options;
    const running = checker.installations.flatMap((installation) =>
      installation.client === undefined ? [] : [{ installation, client: installation.client }],
    );
    return chance.pick(running);
  }

  /** Mostly one that the user is a member of. */
  #conversation({ user }: Installation): string | undefined {
    const { chance, checker } = this.#options;
    const own = this.#conversations.filter((id) => checker.folds.of(id).isMember(user.id ?? ''));
    return chance.happens(0.95) ? chance.pick(own) : chance.pick(this.#conversations);
  }

  #users(): string[] {
    const ids = this.#options.checker.installations.flatMap(({ user }) => user.id ?? []);
    return [...new Set(ids)];
  }
}
