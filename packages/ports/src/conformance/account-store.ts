// The suite of the account store.
import { describe, expect, test } from 'bun:test';
import type { Device, TokenRecord, User } from '../account-store.ts';
import { deviceId, LARGEST_ID, userId } from './fixture.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

type OpenAccounts = Open<Opened<'accounts'>>;

const user = (id: number | bigint, fields: Partial<User> = {}): User => ({
  id: userId(id),
  name: `user-${id}`,
  passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
  externalId: undefined,
  createdAt: 1_700_000_000_000,
  ...fields,
});
const device = (id: number | bigint, of: User, fields: Partial<Device> = {}): Device => ({
  id: deviceId(id),
  user: of.id,
  key: `key-${id}`,
  name: 'A phone',
  createdAt: 1_700_000_000_001,
  ...fields,
});
const tokenOf = (hash: string, of: Device, fields: Partial<TokenRecord> = {}): TokenRecord => ({
  hash: hash.padStart(64, '0'),
  user: of.user,
  device: of.id,
  createdAt: 1_700_000_000_002,
  expiresAt: 1_800_000_000_000,
  ...fields,
});
const byId = <Row extends { readonly id: string }>(rows: readonly Row[]): Row[] =>
  [...rows].sort((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));

const ANN = user(21);
const BEN = user(22, { passwordHash: undefined, externalId: 'https://app.example|ben' });

function userRules(open: OpenAccounts): void {
  test('[ACCOUNT-1] a user is found by name, by external id and by id, with every field', async () => {
    await using world = await open();
    const { accounts } = world;
    const far = user(LARGEST_ID, { name: 'a.b_c-9', createdAt: 0 });
    for (const each of [ANN, BEN, far]) expect(await accounts.createUser(each)).toEqual({ kind: 'created' });
    expect(await accounts.userByName(ANN.name)).toEqual(ANN);
    expect(await accounts.userByExternalId('https://app.example|ben')).toEqual(BEN);
    expect(byId(await accounts.usersByIds([BEN.id, far.id, userId(99), ANN.id]))).toEqual([ANN, BEN, far]);
    expect(byId(await accounts.usersByNames([far.name, 'nobody', BEN.name]))).toEqual([BEN, far]);
  });

  test('[ACCOUNT-2] whom nobody created is not found', async () => {
    await using world = await open();
    await world.accounts.createUser(ANN);
    expect(await world.accounts.userByName('user-2')).toBeUndefined();
    expect(await world.accounts.userByName('user-21 ')).toBeUndefined();
    expect(await world.accounts.userByName('')).toBeUndefined();
    expect(await world.accounts.userByExternalId('')).toBeUndefined();
    expect(await world.accounts.usersByIds([])).toEqual([]);
    expect(await world.accounts.usersByNames([])).toEqual([]);
  });

  test('[ACCOUNT-3] a name is taken once, and the second leaves no trace', async () => {
    await using world = await open();
    await world.accounts.createUser(ANN);
    expect(await world.accounts.createUser(user(30, { name: ANN.name }))).toEqual({ kind: 'name_taken' });
    const other = user(31, { name: ANN.name, externalId: 'app|other' });
    expect(await world.accounts.createUser(other)).toEqual({ kind: 'name_taken' });
    expect(await world.accounts.usersByIds([userId(30), userId(31)])).toEqual([]);
    expect(await world.accounts.userByExternalId('app|other')).toBeUndefined();
    expect(await world.accounts.userByName(ANN.name)).toEqual(ANN);
  });

  test('[ACCOUNT-4] an external id is one user, also under another name or when the name is the same', async () => {
    await using world = await open();
    await world.accounts.createUser(BEN);
    for (const name of ['another-name', BEN.name]) {
      const outcome = await world.accounts.createUser({ ...BEN, id: userId(40), name });
      expect(outcome).toEqual({ kind: 'exists', user: BEN });
    }
    expect(await world.accounts.userByName('another-name')).toBeUndefined();
  });

  test('[ACCOUNT-5] of creations at the same time exactly one succeeds', async () => {
    await using world = await open();
    const named = Array.from({ length: 8 }, (_, index) => user(50 + index, { name: 'wanted' }));
    const outcomes = await Promise.all(named.map((each) => world.accounts.createUser(each)));
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual([
      'created',
      ...named.slice(1).map(() => 'name_taken' as const),
    ]);
    const external = Array.from({ length: 8 }, (_, index) => user(60 + index, { externalId: 'app|1' }));
    const answers = await Promise.all(external.map((each) => world.accounts.createUser(each)));
    expect(answers.map((answer) => answer.kind).sort()).toEqual([
      'created',
      ...named.slice(1).map(() => 'exists' as const),
    ]);
    const there = await world.accounts.userByExternalId('app|1');
    for (const answer of answers) if (answer.kind === 'exists') expect(answer.user).toEqual(there!);
  });

  test('[ACCOUNT-6] a password hash is replaced for that user only', async () => {
    await using world = await open();
    await world.accounts.createUser(ANN);
    await world.accounts.createUser(BEN);
    await world.accounts.setPasswordHash(ANN.id, '$argon2id$new');
    expect(await world.accounts.userByName(ANN.name)).toEqual({ ...ANN, passwordHash: '$argon2id$new' });
    expect(await world.accounts.userByName(BEN.name)).toEqual(BEN);
  });
}

function deviceRules(open: OpenAccounts): void {
  test('[ACCOUNT-7] a device is one per user and key: the first one is returned', async () => {
    await using world = await open();
    await world.accounts.createUser(ANN);
    await world.accounts.createUser(BEN);
    const first = device(71, ANN, { name: 'Ann’s 📱' });
    expect(await world.accounts.createDevice(first)).toEqual(first);
    const again = device(72, ANN, { key: first.key, name: 'Another name' });
    expect(await world.accounts.createDevice(again)).toEqual(first);
    const others = device(73, BEN, { key: first.key });
    expect(await world.accounts.createDevice(others)).toEqual(others);
    const second = device(LARGEST_ID, ANN);
    await world.accounts.createDevice(second);
    expect(byId(await world.accounts.devices(ANN.id))).toEqual([first, second]);
    expect(await world.accounts.devices(BEN.id)).toEqual([others]);
    expect(await world.accounts.devices(userId(99))).toEqual([]);
  });

  test('[ACCOUNT-8] of creations of one key at the same time all get the same device', async () => {
    await using world = await open();
    await world.accounts.createUser(ANN);
    const wanted = Array.from({ length: 8 }, (_, index) => device(80 + index, ANN, { key: 'same' }));
    const got = await Promise.all(wanted.map((each) => world.accounts.createDevice(each)));
    expect(new Set(got.map((each) => each.id)).size).toBe(1);
    expect(await world.accounts.devices(ANN.id)).toEqual([got[0]!]);
  });
}

async function withDevices(accounts: Opened<'accounts'>['accounts']): Promise<readonly [Device, Device]> {
  const [phone, laptop] = [device(71, ANN), device(72, ANN)];
  await accounts.createUser(ANN);
  await accounts.createDevice(phone);
  await accounts.createDevice(laptop);
  return [phone, laptop];
}

function tokenRules(open: OpenAccounts): void {
  test('[ACCOUNT-9] a token is found by its hash, also when it has expired', async () => {
    await using world = await open();
    const [phone] = await withDevices(world.accounts);
    const [live, expired] = [tokenOf('a1', phone), tokenOf('a2', phone, { expiresAt: 1 })];
    await world.accounts.createToken(live);
    await world.accounts.createToken(expired);
    expect(await world.accounts.token(live.hash)).toEqual(live);
    expect(await world.accounts.token(expired.hash)).toEqual(expired);
    expect(await world.accounts.token('f'.repeat(64))).toBeUndefined();
  });

  test('[ACCOUNT-10] revoking deletes every token of a device and says whether there was one', async () => {
    await using world = await open();
    const [phone, laptop] = await withDevices(world.accounts);
    const records = [tokenOf('a1', phone), tokenOf('a2', phone), tokenOf('b1', laptop)] as const;
    for (const record of records) await world.accounts.createToken(record);
    expect(await world.accounts.revokeTokens(phone.id)).toBe(true);
    expect(await world.accounts.token(records[0].hash)).toBeUndefined();
    expect(await world.accounts.token(records[1].hash)).toBeUndefined();
    expect(await world.accounts.token(records[2].hash)).toEqual(records[2]);
    expect(await world.accounts.revokeTokens(phone.id)).toBe(false);
    expect(await world.accounts.devices(ANN.id)).toHaveLength(2);
  });

  test('[ACCOUNT-11] tokens that expired before a time are dropped, and no others', async () => {
    await using world = await open();
    const [phone] = await withDevices(world.accounts);
    const records = [100, 199, 200, 201].map((expiresAt) => tokenOf(`c${expiresAt}`, phone, { expiresAt }));
    for (const record of records) await world.accounts.createToken(record);
    await world.accounts.dropExpiredTokens(200);
    const kept = await Promise.all(records.map((record) => world.accounts.token(record.hash)));
    expect(kept).toEqual([undefined, undefined, records[2], records[3]]);
  });
}

function removalRules(open: OpenAccounts): void {
  test('[ACCOUNT-12] the tokens of a user are those of all devices, expired ones too', async () => {
    await using world = await open();
    const [phone, laptop] = await withDevices(world.accounts);
    await world.accounts.createUser(BEN);
    const foreign = device(73, BEN);
    await world.accounts.createDevice(foreign);
    const records = [tokenOf('a1', phone), tokenOf('b1', laptop, { expiresAt: 1 }), tokenOf('c1', foreign)];
    for (const record of records) await world.accounts.createToken(record);
    const tokens = [...(await world.accounts.tokensOf(ANN.id))].sort((one, other) =>
      one.hash < other.hash ? -1 : 1,
    );
    expect(tokens).toEqual(records.slice(0, 2));
    expect(await world.accounts.tokensOf(userId(99))).toEqual([]);
  });

  test('[ACCOUNT-13] removing a device ends it and its tokens, and nothing else', async () => {
    await using world = await open();
    const [phone, laptop] = await withDevices(world.accounts);
    const [gone, kept] = [tokenOf('a1', phone), tokenOf('b1', laptop)];
    for (const record of [gone, kept]) await world.accounts.createToken(record);
    await world.accounts.removeDevice(phone.id);
    await world.accounts.removeDevice(phone.id);
    expect(await world.accounts.devices(ANN.id)).toEqual([laptop]);
    expect(await world.accounts.token(gone.hash)).toBeUndefined();
    expect(await world.accounts.tokensOf(ANN.id)).toEqual([kept]);
    const again = device(99, ANN, { key: phone.key });
    expect(await world.accounts.createDevice(again)).toEqual(again);
  });
}

function durabilityRules<World extends Opened<'accounts'>>(open: Open<World>, reopen: Reopen<World>): void {
  test('[ACCOUNT-14] users, devices, tokens and revocations survive a restart', async () => {
    const [phone, laptop] = [device(71, ANN), device(72, ANN)];
    const [kept, revoked] = [tokenOf('a1', phone), tokenOf('b1', laptop)];
    await acrossRestart({
      open,
      reopen,
      before: async ({ accounts }) => {
        await withDevices(accounts);
        await accounts.createUser(BEN);
        await accounts.setPasswordHash(ANN.id, 'changed');
        for (const record of [kept, revoked]) await accounts.createToken(record);
        await accounts.revokeTokens(laptop.id);
      },
      after: async ({ accounts }) => {
        expect(await accounts.userByName(ANN.name)).toEqual({ ...ANN, passwordHash: 'changed' });
        expect(await accounts.createUser({ ...BEN, id: userId(90) })).toEqual({ kind: 'exists', user: BEN });
        expect(await accounts.createDevice(device(91, ANN, { key: phone.key }))).toEqual(phone);
        expect(await accounts.token(kept.hash)).toEqual(kept);
        expect(await accounts.token(revoked.hash)).toBeUndefined();
      },
    });
  });
}

export function testAccountStore<World extends Opened<'accounts'>>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as AccountStore`, () => {
    userRules(open);
    deviceRules(open);
    tokenRules(open);
    removalRules(open);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
