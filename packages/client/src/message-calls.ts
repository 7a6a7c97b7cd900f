// Changing messages that were sent, and looking at what they said before; each change goes under a client_msg_id.
import type { Content } from '@parley/protocol/content';
import type { Seq } from '@parley/protocol/ids';
import type { Changed } from '@parley/protocol/member';
import type { Versions } from '@parley/protocol/message';
import type { Calls } from './calls.ts';
import { clientMsgIdOr } from './client-msg-id.ts';
import type { Environment } from './environment.ts';
import type { ChangeOptions } from './group-calls.ts';
import { localError } from './parley-error.ts';
import type { MentionOptions } from './send-options.ts';
import { messageAt } from './timeline.ts';

export type EditOptions = ChangeOptions & {
  /** The version that the user saw. Without it the present one is asked for first, and replaced whatever it says. */
  version?: Seq;
  /** Whom it is meant for from now on; without it, nobody in particular. */
  mentions?: MentionOptions;
};

/** `remove`: take it back. */
export type ToggleOptions = ChangeOptions & { remove?: boolean };

type ChangeType = 'edit_message' | 'delete_message' | 'react' | 'pin_message';

export class MessageCalls {
  readonly #calls: Calls;
  readonly #environment: Environment;

  constructor(options: { calls: Calls; environment: Environment }) {
    this.#calls = options.calls;
    this.#environment = options.environment;
  }

  async edit(
    { conversation_id, target }: Target,
    content: string | Content,
    options: EditOptions = {},
  ): Promise<Changed> {
    const version = options.version ?? (await this.#versionOf(conversation_id, target));
    const fields = {
      conversation_id,
      target,
      version,
      content: typeof content === 'string' ? { kind: 'text', text: content } : content,
      ...(options.mentions === undefined ? {} : { mentions: options.mentions }),
    };
    return this.#change('edit_message', fields, options);
  }

  delete(target: Target, options?: ChangeOptions): Promise<Changed> {
    return this.#change('delete_message', target, options);
  }

  react(target: Target, emoji: string, options?: ToggleOptions): Promise<Changed> {
    return this.#change('react', { ...target, emoji, ...removal(options) }, options);
  }

  pin(target: Target, options?: ToggleOptions): Promise<Changed> {
    return this.#change('pin_message', { ...target, ...removal(options) }, options);
  }

  async versions(target: Target): Promise<Versions['entries']> {
    return (await this.#calls.ask({ type: 'get_versions', ...target }, 'versions')).entries;
  }

  async #versionOf(conversation_id: string, target: Seq): Promise<Seq> {
    const message = await messageAt(this.#calls, conversation_id, target);
    if (message !== undefined) return message.version;
    throw localError('not_found', `There is no message ${target} that you may see.`, { field: 'target' });
  }

  async #change(
    type: ChangeType,
    fields: Record<string, unknown>,
    { clientMsgId }: ChangeOptions = {},
  ): Promise<Changed> {
    const client_msg_id = clientMsgIdOr(clientMsgId, this.#environment);
    return this.#calls.ask({ type, client_msg_id, ...fields }, 'changed');
  }
}

/** A message, by the seq in its conversation. */
export type Target = { conversation_id: string; target: Seq };

function removal(options: ToggleOptions | undefined): { remove?: true } {
  return options?.remove === true ? { remove: true } : {};
}
