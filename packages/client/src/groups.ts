// Ways into a group, how it works, whom it keeps out, and what was reported in it.
import type { ConversationView } from '@parley/protocol/conversation';
import type { Seq } from '@parley/protocol/ids';
import type { Channels, InviteView } from '@parley/protocol/invite';
import type { Changed } from '@parley/protocol/member';
import type { ReportReason, ReportView } from '@parley/protocol/report';
import type { GroupSettings } from '@parley/protocol/role';
import type { Calls } from './calls.ts';
import { clientMsgIdOr } from './client-msg-id.ts';
import type { Environment } from './environment.ts';
import type { ChangeOptions } from './group-calls.ts';
import { pagesOf } from './pages.ts';
import type { StickyState } from './sticky-state.ts';
import type { UserDirectory, UserRef } from './user-directory.ts';

/** Seven days and any number of users where nothing else is said. */
export type InviteOptions = { expiresInS?: number; usesMax?: number };

/** By an invitation's code, or into a public channel. */
export type JoinBy = { code: string } | { conversation_id: string };

export type ChannelView = Channels['rows'][number];

export type ReportOptions = ChangeOptions & { note?: string };

/** `client.groups`. Who is a member is changed by the calls of the client itself (`addMembers` and so on). */
export class Groups {
  readonly #calls: Calls;
  readonly #users: UserDirectory;
  readonly #environment: Environment;
  readonly #sticky: StickyState;

  constructor(options: {
    calls: Calls;
    users: UserDirectory;
    environment: Environment;
    sticky: StickyState;
  }) {
    this.#calls = options.calls;
    this.#users = options.users;
    this.#environment = options.environment;
    this.#sticky = options.sticky;
  }

  /** Asked again after a lost connection it may be made twice: an invitation that nobody knows lets nobody in. */
  async createInvite(conversation_id: string, options: InviteOptions = {}): Promise<InviteView> {
    const { expiresInS, usesMax } = options;
    const more = {
      ...(expiresInS === undefined ? {} : { expires_in_s: expiresInS }),
      ...(usesMax === undefined ? {} : { uses_max: usesMax }),
    };
    return (await this.#calls.ask({ type: 'create_invite', conversation_id, ...more }, 'invite')).invite;
  }

  /** Those that still let somebody in. */
  async invites(conversation_id: string): Promise<InviteView[]> {
    return (await this.#calls.ask({ type: 'list_invites', conversation_id }, 'invites')).rows;
  }

  async revokeInvite(conversation_id: string, code: string): Promise<void> {
    await this.#calls.ask({ type: 'revoke_invite', conversation_id, code }, 'done');
  }

  /** Changes nothing for one who is a member. */
  async join(by: JoinBy): Promise<ConversationView> {
    return (await this.#calls.ask({ type: 'join', ...by }, 'conversation')).conversation;
  }

  /** Public channels whose title begins with `text`, whatever the case; all without it. */
  findChannels(text = ''): AsyncIterable<ChannelView> {
    const which = text === '' ? {} : { text };
    return pagesOf((after) => this.#calls.ask({ type: 'find_channels', ...which, ...after }, 'channels'));
  }

  /** What is left out stays as it is. */
  setGroup(
    conversation_id: string,
    settings: Partial<GroupSettings>,
    options?: ChangeOptions,
  ): Promise<Changed> {
    return this.#change('set_group', { conversation_id, ...settings }, options);
  }

  /** Removes a member, or one who left before, and keeps the user out. */
  async ban(conversation_id: string, member: UserRef, options?: ChangeOptions): Promise<Changed> {
    const user_id = await this.#idOf(member);
    return this.#change('remove_member', { conversation_id, user_id, ban: true }, options);
  }

  async unban(conversation_id: string, user: UserRef, options?: ChangeOptions): Promise<Changed> {
    return this.#change('unban_member', { conversation_id, user_id: await this.#idOf(user) }, options);
  }

  /** Returns the report's id. The server keeps what the messages say at this moment. */
  async report(
    conversation_id: string,
    seqs: readonly Seq[],
    reason: ReportReason,
    { note, clientMsgId }: ReportOptions = {},
  ): Promise<string> {
    const client_msg_id = clientMsgIdOr(clientMsgId, this.#environment);
    const more = note === undefined ? {} : { note };
    const frame = { type: 'report', client_msg_id, conversation_id, seqs, reason, ...more } as const;
    return (await this.#calls.ask(frame, 'reported')).report_id;
  }

  /** Newest first; for a group's owner and admins. */
  reports(conversation_id: string): AsyncIterable<ReportView> {
    return pagesOf((after) =>
      this.#calls.ask({ type: 'list_reports', conversation_id, ...after }, 'reports'),
    );
  }

  async closeReport(conversation_id: string, report_id: string): Promise<void> {
    await this.#calls.ask({ type: 'close_report', conversation_id, report_id }, 'done');
  }

  /**
   * What is on this client's screen, instead of what was before, also after a reconnect: entries of large groups come at
   * once for these alone, of the others within a second or so. Throws a ParleyError for more than 16.
   */
  view(conversation_ids: readonly string[]): void {
    this.#sticky.view(conversation_ids);
  }

  async #change(
    type: 'set_group' | 'remove_member' | 'unban_member',
    fields: Record<string, unknown>,
    { clientMsgId }: ChangeOptions = {},
  ): Promise<Changed> {
    const client_msg_id = clientMsgIdOr(clientMsgId, this.#environment);
    return this.#calls.ask({ type, client_msg_id, ...fields }, 'changed');
  }

  async #idOf(user: UserRef): Promise<string> {
    return (await this.#users.idsOf([user]))[0] ?? '';
  }
}
