// A user's devices: one for each password sign-in, one for each device key of an app's user; bounded per user.
import type { AccountStore, Device } from '@parley/ports/account-store';
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { DEVICES_PER_USER_MAX_COUNT, DEVICE_NAME_MAX_UNITS } from '@parley/protocol/limits';
import { KeyedQueue } from './keyed-queue.ts';

export const DEFAULT_DEVICE_KEY = 'default';
export const DEFAULT_DEVICE_NAME = 'device';

export type DeviceOutcome =
  | { readonly kind: 'ok'; readonly device: Device }
  | { readonly kind: 'limit_reached' };

export interface DevicesOptions {
  readonly store: AccountStore;
  readonly ids: IdSource;
  readonly clock: Clock;
  /** Whether the device has a session now. */
  readonly isLive: (user: UserId, device: DeviceId) => boolean | Promise<boolean>;
  /** Removes a device; what is being let in on it at this moment is turned away. */
  readonly remove: (device: DeviceId) => Promise<void>;
}

export class Devices {
  readonly #options: DevicesOptions;
  /** Counting and creating are one step per user, so that many sign-ins at once cannot pass the limit. */
  readonly #byUser = new KeyedQueue();

  constructor(options: DevicesOptions) {
    this.#options = options;
  }

  /** A new device, made within the limit together with what signs it in. */
  create(
    user: UserId,
    name: string | undefined,
    signIn: (device: Device) => Promise<void>,
  ): Promise<DeviceOutcome> {
    return this.#byUser.run(user, async () => {
      const { store, ids } = this.#options;
      if (!(await this.#hasPlace(user))) return { kind: 'limit_reached' };
      const id = ids.next() as DeviceId;
      const device = await store.createDevice(this.#device({ id, user, key: id, name }));
      await signIn(device);
      return { kind: 'ok', device };
    });
  }

  /**
   * The device of this key, made at its first sight. A name it got then stays. At the limit it takes the place of the
   * oldest device without a session: a JWT cannot be signed out, so installations that are gone would fill it for good.
   */
  async byKey(user: UserId, key: string, name: string | undefined): Promise<DeviceOutcome> {
    const { store, ids } = this.#options;
    const known = await this.#find(user, (device) => device.key === key);
    if (known !== undefined) return { kind: 'ok', device: known };
    return this.#byUser.run(user, async () => {
      const made = await this.#find(user, (device) => device.key === key);
      if (made !== undefined) return { kind: 'ok', device: made };
      if (!(await this.#hasPlace(user)) && !(await this.#makePlace(user))) return { kind: 'limit_reached' };
      const device = await store.createDevice(this.#device({ id: ids.next() as DeviceId, user, key, name }));
      return { kind: 'ok', device };
    });
  }

  byId(user: UserId, id: DeviceId): Promise<Device | undefined> {
    return this.#find(user, (device) => device.id === id);
  }

  async #find(user: UserId, fits: (device: Device) => boolean): Promise<Device | undefined> {
    return (await this.#options.store.devices(user)).find(fits);
  }

  /** At the limit, devices of password sign-ins whose tokens have all ended make place: nothing can come from them. */
  async #hasPlace(user: UserId): Promise<boolean> {
    const { store, clock } = this.#options;
    const devices = await store.devices(user);
    if (devices.length < DEVICES_PER_USER_MAX_COUNT) return true;
    const now = clock.now();
    const live = new Set(
      (await store.tokensOf(user)).filter((token) => token.expiresAt > now).map((token) => token.device),
    );
    const ended = devices.filter((device) => device.key === device.id && !live.has(device.id));
    for (const device of ended) await store.removeDevice(device.id);
    return devices.length - ended.length < DEVICES_PER_USER_MAX_COUNT;
  }

  async #makePlace(user: UserId): Promise<boolean> {
    const { store, isLive, remove } = this.#options;
    const devices = await store.devices(user);
    for (const { id } of devices.toSorted((one, other) => one.createdAt - other.createdAt)) {
      if (await isLive(user, id)) continue;
      await remove(id);
      return true;
    }
    return false;
  }

  #device({
    id,
    user,
    key,
    name,
  }: Pick<Device, 'id' | 'user' | 'key'> & { readonly name: string | undefined }): Device {
    const shown = (name ?? DEFAULT_DEVICE_NAME).slice(0, DEVICE_NAME_MAX_UNITS);
    return { id, user, key, name: shown, createdAt: this.#options.clock.now() };
  }
}
