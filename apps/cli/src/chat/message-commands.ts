// /edit, /delete and /react: changes under way, and what to say when one is refused.
import type { ChatClient, Changed } from '@parley/client';
import { textProblem } from '../message-text.ts';
import { refusalOf } from '../sdk-error.ts';
import type { TypedLine } from './slash-command.ts';

export type MessageCommand = Extract<TypedLine, { kind: 'edit' | 'delete' | 'react' }>;

export class MessageCommands {
  readonly #client: ChatClient;
  readonly #conversationId: string;
  readonly #waiting = new Set<{ readonly line: string }>();

  constructor(client: ChatClient, conversationId: string) {
    this.#client = client;
    this.#conversationId = conversationId;
  }

  /** The lines of commands that the server has not answered. */
  get unanswered(): readonly string[] {
    return [...this.#waiting].map(({ line }) => line);
  }

  /** Resolves with why it was refused; with undefined when it is done, which its entry then shows. */
  async run(command: MessageCommand, line: string): Promise<string | undefined> {
    const problem = command.kind === 'edit' ? textProblem(command.text) : undefined;
    if (problem !== undefined) return problem.message;
    const waiting = { line };
    this.#waiting.add(waiting);
    try {
      await this.#ask(command);
    } catch (error) {
      // What still waits when the client is closed is reported by `unanswered`.
      if (this.#client.state.kind === 'closed') return undefined;
      this.#waiting.delete(waiting);
      return refusalOf(error).message;
    }
    this.#waiting.delete(waiting);
    return undefined;
  }

  #ask(command: MessageCommand): Promise<Changed> {
    const { seq } = command;
    switch (command.kind) {
      case 'edit':
        return this.#client.editMessage(this.#conversationId, seq, command.text);
      case 'delete':
        return this.#client.deleteMessage(this.#conversationId, seq);
      case 'react':
        return this.#client.react(this.#conversationId, seq, command.emoji, { remove: command.remove });
    }
  }
}
