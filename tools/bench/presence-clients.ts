// One client process of the presence bench: asked over IPC, killed, frozen, and what it saw read afterwards.
import { join } from 'node:path';
import { Seen, type PresenceCommand, type PresenceReply } from './presence-messages.ts';
import type { Credential } from './wire-session.ts';

export interface ClientsOptions {
  readonly name: string;
  readonly first: number;
  readonly count: number;
  /** Of all processes. */
  readonly users: number;
  /** Where the shared memory lies. */
  readonly folder: string;
}

export class PresenceClients {
  readonly options: ClientsOptions;
  readonly seen: Seen;
  readonly #child: Bun.Subprocess;
  readonly #seenPath: string;
  #waiting: PromiseWithResolvers<PresenceReply> | undefined;

  constructor(options: ClientsOptions) {
    this.options = options;
    this.#seenPath = join(options.folder, `seen-${options.name}`);
    this.seen = new Seen(this.#seenPath, options.users);
    this.#child = Bun.spawn([process.execPath, join(import.meta.dir, 'presence-client.ts')], {
      stdin: 'ignore',
      stdout: 'inherit',
      stderr: 'inherit',
      ipc: (message: PresenceReply) => this.#waiting?.resolve(message),
      onExit: () => this.#waiting?.reject(new Error(`The clients ${options.name} ended.`)),
    });
  }

  get indices(): number[] {
    return Array.from({ length: this.options.count }, (_, at) => this.options.first + at);
  }

  async open(url: string, credentials: Credential[]): Promise<string[]> {
    const { first, count, users, folder } = this.options;
    const mine = credentials.slice(first, first + count);
    const heard = join(folder, 'heard');
    const open = { kind: 'open', url, first, credentials: mine, users, heard, seen: this.#seenPath } as const;
    return (await this.ask(open, 'opened')).ids;
  }

  async ask<Kind extends PresenceReply['kind']>(
    command: PresenceCommand,
    kind: Kind,
  ): Promise<Extract<PresenceReply, { kind: Kind }>> {
    this.#waiting = Promise.withResolvers<PresenceReply>();
    this.#child.send(command);
    const reply = await this.#waiting.promise;
    if (reply.kind !== kind)
      throw new Error(`${this.options.name}, ${command.kind}: ${JSON.stringify(reply)}`);
    return reply as Extract<PresenceReply, { kind: Kind }>;
  }

  /** The kernel closes its sockets. */
  async kill(): Promise<void> {
    this.#waiting = undefined;
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }

  /** Its sockets stay open and say nothing more. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }
}
