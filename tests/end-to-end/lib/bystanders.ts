// Two people who chat all the while: what happens to others must not reach them.
import { expect } from 'bun:test';
import { pause, until } from './poll.ts';
import type { ServerProcess } from './server-process.ts';
import { registerAccount, WireSession } from './wire-session.ts';

const PAUSE_MS = 50;

export class Bystanders {
  readonly #server: ServerProcess;
  readonly #pid: number;
  readonly #sessions: readonly [WireSession, WireSession];
  readonly #conversation: string;
  readonly #texts: string[] = [];
  readonly #talking: Promise<void>;
  readonly #over = new AbortController();

  private constructor(
    server: ServerProcess,
    sessions: readonly [WireSession, WireSession],
    conversation: string,
  ) {
    this.#server = server;
    this.#pid = server.pid;
    this.#sessions = sessions;
    this.#conversation = conversation;
    this.#talking = this.#talk();
    this.#talking.catch(() => {}); // what went wrong is thrown by `undisturbed`
  }

  static async begin(server: ServerProcess): Promise<Bystanders> {
    const accounts = [
      await registerAccount(server.url, 'castor'),
      await registerAccount(server.url, 'pollux'),
    ] as const;
    const sessions = [
      await WireSession.welcomed(server.url, accounts[0].token),
      await WireSession.welcomed(server.url, accounts[1].token),
    ] as const;
    const opened = await sessions[0].request({ type: 'open_direct', user_id: accounts[1].user_id });
    return new Bystanders(
      server,
      sessions,
      (opened['conversation'] as { conversation_id: string }).conversation_id,
    );
  }

  /** Ends the chat: same process, every message acknowledged and received by both, once and in order, no error. */
  async undisturbed(): Promise<void> {
    this.#over.abort();
    await this.#talking;
    expect(this.#server.running).toBe(true);
    expect(this.#server.pid).toBe(this.#pid);
    expect(this.#texts.length).toBeGreaterThan(0);
    for (const session of this.#sessions) {
      const pushed = (): unknown[] => session.pushed(this.#conversation);
      await until('all is received', () => pushed().length >= this.#texts.length);
      expect(pushed().map((entry) => (entry as { content: { text: string } }).content.text)).toEqual(
        this.#texts,
      );
      expect(session.closed).toBeUndefined();
      expect(session.frames.filter(({ type }) => type === 'error')).toEqual([]);
    }
  }

  end(): void {
    this.#over.abort();
    for (const session of this.#sessions) session.close();
  }

  async #talk(): Promise<void> {
    for (let round = 0; !this.#over.signal.aborted; round++) {
      const text = `word ${round}`;
      const answer = await this.#sessions[round % 2 === 0 ? 0 : 1].text(
        this.#conversation,
        `id-${round}`,
        text,
      );
      const [result] = answer['results'] as { seq?: number }[];
      if (result?.seq !== round + 1) throw new Error(`word ${round} got ${JSON.stringify(answer)}`);
      this.#texts.push(text);
      await pause(PAUSE_MS);
    }
  }
}
