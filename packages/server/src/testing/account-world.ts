// An account service over the memory store, with everything that a test wants to turn or look at.
import type { AccountStore } from '@parley/ports/account-store';
import type { DeviceId } from '@parley/protocol/ids';
import { MemoryAccountStore } from '@parley/adapter-memory/memory-account-store';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import { SequentialIds } from '@parley/adapter-memory/sequential-ids';
import { CheapAlgorithm, RecordedLog } from '../account/account-fixture.ts';
import {
  AccountService,
  type AccountServiceOptions,
  type CredentialsOutcome,
} from '../account/account-service.ts';
import { AUDIENCE, SECRET } from '../account/jwt-fixture.ts';
import { JwtVerifier } from '../account/jwt-verifier.ts';
import { PasswordHasher } from '../account/password-hasher.ts';
import { TOKEN_LIFETIME_MS } from '../account/token.ts';

export const PASSWORD = 'correct horse battery';
export const ADDRESS = '192.0.2.1';

export class AccountWorld {
  readonly clock = new FakeClock();
  readonly log = new RecordedLog();
  readonly algorithm = new CheapAlgorithm();
  readonly store: AccountStore = new MemoryAccountStore(new MemoryWorld());
  readonly revoked: DeviceId[] = [];
  readonly service: AccountService;

  constructor(changes: Partial<AccountServiceOptions> = {}) {
    const { clock, log, algorithm, store, revoked } = this;
    this.service = new AccountService({
      store,
      hasher: new PasswordHasher({ algorithm, runningMaxCount: 2, waitingMaxCount: 2 }),
      ids: new SequentialIds(1_001),
      clock,
      randomness: new SeededRandomness(1),
      log,
      jwt: new JwtVerifier({
        keys: { kind: 'secret', secret: SECRET },
        audience: AUDIENCE,
        issuer: undefined,
        clock,
      }),
      registration: 'open',
      tokenLifetimeMs: TOKEN_LIFETIME_MS,
      isLive: () => false,
      onRevoked: (_user, device) => revoked.push(device),
      ...changes,
    });
  }

  register(name: string, password = PASSWORD): Promise<CredentialsOutcome> {
    return this.service.register({ name, password, deviceName: undefined, address: ADDRESS });
  }

  login(name: string, password = PASSWORD, address = ADDRESS): Promise<CredentialsOutcome> {
    return this.service.login({ name, password, deviceName: undefined, address });
  }

  /** By the first frame of a session. */
  hello(token: string, deviceKey?: string): ReturnType<AccountService['authenticate']> {
    return this.service.authenticate(token, { deviceKey, deviceName: undefined });
  }
}

/** The value of an outcome that must be ok. */
export function ok<Outcome extends { readonly kind: string }>(
  outcome: Outcome,
): Extract<Outcome, { kind: 'ok' }> {
  if (outcome.kind !== 'ok') throw new Error(`expected ok, got ${JSON.stringify(outcome)}`);
  return outcome as Extract<Outcome, { kind: 'ok' }>;
}

export function refusal(code: string): object {
  return { kind: 'refused', fault: { code } };
}
