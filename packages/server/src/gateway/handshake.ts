// Whether a hello lets a session in, and what it is told.
import type { CloseCode } from '@parley/protocol/close-code';
import { fault, type Fault } from '@parley/protocol/error-code';
import type { Hello, Welcome } from '@parley/protocol/hello';
import type { SessionId } from '@parley/protocol/ids';
import { agreeVersion, PROTOCOL_VERSION, PROTOCOL_VERSION_FLOOR } from '@parley/protocol/version';
import type { IdSource } from '@parley/ports/id-source';
import type { Log } from '@parley/ports/log';
import { StoreError } from '@parley/ports/store-error';
import type { AccountService } from '../account/account-service.ts';
import type { LiveSessions } from '../connection/live-sessions.ts';
import { faultOfFailure } from '../message/submission.ts';
import { SESSIONS_PER_USER_MAX_COUNT } from './limits.ts';
import type { Identity } from './session.ts';

/** What a client whose user has all its sessions is told to wait. */
const SESSION_RETRY_AFTER_MS = 30_000;

type Greeting = Pick<
  Welcome,
  'type' | 'version' | 'session_id' | 'user_id' | 'name' | 'device_id' | 'log_id'
>;

export type HandshakeOutcome =
  | { readonly kind: 'admitted'; readonly identity: Identity; readonly welcome: Greeting }
  | { readonly kind: 'refused'; readonly fault: Fault; readonly close: CloseCode };

export class Handshake {
  readonly #accounts: AccountService;
  readonly #sessions: LiveSessions;
  readonly #ids: IdSource;
  readonly #logId: string;
  readonly #log: Log;

  constructor(parts: {
    accounts: AccountService;
    sessions: LiveSessions;
    ids: IdSource;
    logId: string;
    log: Log;
  }) {
    this.#accounts = parts.accounts;
    this.#sessions = parts.sessions;
    this.#ids = parts.ids;
    this.#logId = parts.logId;
    this.#log = parts.log;
  }

  /**
   * Asked in the turn in which the session is attached: what a logout, or other sockets of this user, changed since
   * the token was read.
   */
  lastRefusal({ user, device }: Identity): Refusal | undefined {
    if (this.#accounts.wasRevoked(device))
      return refusedBy(fault('invalid_credentials', 'The token was revoked.'));
    if (this.#sessions.count(user) < SESSIONS_PER_USER_MAX_COUNT) return undefined;
    // Others of this user may end, so the client is to come back: it reads the same in the fault and in the close code.
    const reason = fault('rate_limited', `A user has at most ${SESSIONS_PER_USER_MAX_COUNT} connections.`, {
      retry_after_ms: SESSION_RETRY_AFTER_MS,
    });
    return { kind: 'refused', fault: reason, close: 4429 };
  }

  /** Never rejects. */
  async check(hello: Hello): Promise<HandshakeOutcome> {
    const version = agreeVersion({ version: hello.version, min_version: hello.min_version ?? hello.version });
    if (version === undefined) {
      const spoken = `This server speaks versions ${PROTOCOL_VERSION_FLOOR} to ${PROTOCOL_VERSION}.`;
      return {
        kind: 'refused',
        fault: fault('version_unsupported', spoken, { field: 'version' }),
        close: 4406,
      };
    }
    try {
      const { token, device_key: deviceKey, device_name: deviceName } = hello;
      const outcome = await this.#accounts.authenticate(token, { deviceKey, deviceName });
      if (outcome.kind === 'refused') return refusedBy(outcome.fault);
      const { user, device, expiresAt } = outcome;
      const session = this.#ids.next() as SessionId;
      return {
        kind: 'admitted',
        identity: { user: user.id, device: device.id, expiresAt },
        welcome: {
          type: 'welcome',
          version,
          session_id: session,
          user_id: user.id,
          name: user.name,
          device_id: device.id,
          log_id: this.#logId,
        },
      };
    } catch (error) {
      this.#log.error({ error }, 'a hello could not be checked');
      const isKnown = error instanceof StoreError;
      const reason = isKnown
        ? faultOfFailure(error)
        : fault('unavailable', 'The server cannot let you in now.');
      return { kind: 'refused', fault: reason, close: 4500 };
    }
  }
}

type Refusal = Extract<HandshakeOutcome, { kind: 'refused' }>;

/** A token that is of no use means: sign in. Anything that may pass means: reconnect. */
function refusedBy(reason: Fault): Refusal {
  return { kind: 'refused', fault: reason, close: reason.retry === 'later' ? 4500 : 4401 };
}
