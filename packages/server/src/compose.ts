// Puts the services together, from the ports up: who knows whom stands here and nowhere else.
import { accountRequests } from './account/account-requests.ts';
import { AccountService } from './account/account-service.ts';
import { ClusterDelivery } from './cluster/cluster-delivery.ts';
import { NodeLife } from './cluster/node-life.ts';
import { LiveSessions } from './connection/live-sessions.ts';
import { Viewers } from './connection/viewers.ts';
import { FrameRouter } from './gateway/frame-router.ts';
import { Gateway } from './gateway/gateway.ts';
import { Handshake } from './gateway/handshake.ts';
import { ConversationViews } from './group/conversation-views.ts';
import { groupRequests } from './group/group-requests.ts';
import { GroupService } from './group/group-service.ts';
import { inviteRequests } from './group/invite-requests.ts';
import { InviteService } from './group/invite-service.ts';
import { BROUGHT_IN, RateLimit } from './group/rate-limit.ts';
import { AccessRules } from './message/access.ts';
import { changeRequests } from './message/change-requests.ts';
import { deliverTo } from './message/delivery.ts';
import { History } from './message/history.ts';
import { InboxLook } from './message/inbox-look.ts';
import { LargeGroups } from './message/large-groups.ts';
import { TIMELINES_KEPT_MAX_COUNT } from './message/limits.ts';
import { MessageReader } from './message/message-reader.ts';
import { MessageService } from './message/message-service.ts';
import { Owners } from './message/owners.ts';
import { ReceivedMarks } from './message/received-marks.ts';
import { Timelines } from './message/timelines.ts';
import { traceRequests } from './message/trace-requests.ts';
import { reportRequests } from './moderation/report-requests.ts';
import { ReportService } from './moderation/report-service.ts';
import { blockedSenders, enforceBlocks } from './presence/direct-blocks.ts';
import { presenceRequests } from './presence/presence-requests.ts';
import { PresenceService } from './presence/presence-service.ts';
import { settingsRequests } from './presence/settings-requests.ts';
import { Typing } from './presence/typing.ts';
import { UserSettings } from './presence/user-settings.ts';
import { seesReads } from './reading/read-privacy.ts';
import { ReadingServices } from './reading/reading-services.ts';
import type { Handlers, Signals } from './request/request.ts';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import type { ChatServerOptions } from './chat-server-options.ts';

/** The only node of an embedded installation. */
const NODE = 'embedded';

/** Who is connected and who is who. */
function people(options: ChatServerOptions) {
  const sessions = new LiveSessions();
  const { cluster } = options;
  const delivery = cluster === undefined ? undefined : new ClusterDelivery(options, cluster, sessions);
  const settings = new UserSettings(options.contacts);
  const node = cluster?.node ?? NODE;
  const presence = new PresenceService({ ...options, node, sessions, settings });
  const revoke = (user: UserId, device: DeviceId) => {
    sessions.revokeDevice(user, device);
    presence.signedOut(user, device);
  };
  const accounts = new AccountService({
    ...options,
    store: options.accounts,
    isLive: async (user, device) =>
      sessions.has(user, device) || (await delivery?.devicesOf(user))?.has(device) === true,
    onRevoked: (user, device) => {
      revoke(user, device);
      // Never rejects.
      void delivery?.tell({ kind: 'revoked', user, device });
    },
  });
  return { delivery, sessions, settings, presence, revoke, accounts, viewers: new Viewers(sessions) };
}

/** What everything else stands on: the users, and the one writer of each conversation. */
export function foundation(options: ChatServerOptions) {
  const { messages, members, queue, clock, timers, log, largeGroupMembers, cluster } = options;
  const base = people(options);
  const { delivery, sessions, settings, accounts, revoke, viewers } = base;
  const received: ReceivedMarks['of'] = (...asked) => marks.of(...asked);
  const largeGroups = new LargeGroups({ sessions, viewers, messages, received, clock, timers, log });
  const timelines = new Timelines(TIMELINES_KEPT_MAX_COUNT);
  const forget: Owners['forget'] = (which) => owners.forget(which);
  const sessionCount = () => sessions.userCount;
  const life = cluster && new NodeLife(options, cluster, { sessions: sessionCount, forget });
  const announce = delivery?.announce;
  const owners: Owners = new Owners({
    ...options,
    timelines,
    here: life?.ownership,
    announce: deliverTo({ sessions, viewers, largeGroups, largeGroupMembers, announce }),
    blockedSenders: blockedSenders(settings),
  });
  enforceBlocks({ settings, members, owners, elsewhere: delivery?.directBlocked });
  const access = new AccessRules({ owners, messages, members });
  const onHidden = delivery?.onHidden;
  const reading = new ReadingServices({ ...options, owners, access, settings, sessions, onHidden });
  const marks = new ReceivedMarks({
    queue,
    access,
    clock,
    timers,
    log,
    isRevoked: accounts.wasRevoked.bind(accounts),
    raise: reading.raiseReceived,
  });
  const { hidden } = reading;
  life?.share(base.presence);
  if (life !== undefined) delivery?.follow(life.nodes);
  delivery?.serve({ settings, hidden, accounts, revoke, owners, viewers, largeGroups });
  return { ...base, life, timelines, owners, access, reading, marks };
}

export type Foundation = ReturnType<typeof foundation>;

/** What clients ask for, by folder. */
export function requestServices(options: ChatServerOptions, base: Foundation) {
  const { messages, members, contacts, clock, randomness, ids, log } = options;
  const { sessions, settings, presence, accounts, viewers, timelines, owners, access, reading, marks } = base;
  const reader = new MessageReader({ messages, access });
  const service = new MessageService({ owners, members, reader });
  const { standings } = reading;
  const views = new ConversationViews({
    accounts: options.accounts,
    members,
    messages,
    access,
    marks,
    standings,
  });
  const rate = new RateLimit(clock, BROUGHT_IN);
  const groups = new GroupService({
    accounts: options.accounts,
    members,
    messages: service,
    views,
    settings,
    ids,
    rate,
  });
  const invites = new InviteService({
    invites: options.invites,
    members,
    messages: service,
    views,
    rate,
    clock,
    randomness,
    log,
  });
  const reports = new ReportService({ reports: options.reports, members, reader, ids, clock, log });
  const reads = (user: UserId) => seesReads(settings, user);
  const handlers: Handlers = {
    ...groupRequests({ groups, views }),
    ...inviteRequests({ invites }),
    ...changeRequests({ messages: service, editWindowMs: options.editWindowMs }),
    ...traceRequests({ messages, receipts: options.receipts, access, timelines, seesReads: reads }),
    ...accountRequests({ accounts, sessions, connectedElsewhere: base.delivery?.connectedElsewhere }),
    ...reading.requests,
    ...presenceRequests({ presence, accounts: options.accounts, sessions }),
    ...settingsRequests({ settings, contacts, accounts: options.accounts, sessions }),
    ...reportRequests({ reports }),
  };
  const typing = new Typing({ owners, members, settings, sessions, clock, log });
  const signals: Signals = { typing: typing.signal.bind(typing), view: viewers.signal.bind(viewers) };
  const history = new History({ messages, access, marks, reader, hidden: reading.hidden });
  const carry = base.life?.forward((...asked) => router.perform(...asked));
  const services = { messages: service, history, marks, handlers, signals, clock, log };
  const router: FrameRouter = new FrameRouter({ ...services, ...(carry && { carry }) });
  return { router, invites };
}

/** What holds the sockets. */
export function gatewayOf(options: ChatServerOptions, base: Foundation, router: FrameRouter): Gateway {
  const { queue, messages, clock, timers, randomness, ids, log, queueRetentionMs } = options;
  const { delivery, sessions, presence, accounts, owners, marks } = base;
  const look = new InboxLook({ queue, messages, marks, owners, clock, retentionMs: queueRetentionMs });
  const handshake = new Handshake({ accounts, sessions, ids, logId: messages.logId, log });
  const gateway = new Gateway({
    clock,
    timers,
    randomness,
    log,
    sessions,
    handshake,
    look,
    router,
    presence,
    cluster: delivery,
  });
  delivery?.attend(gateway);
  return gateway;
}
