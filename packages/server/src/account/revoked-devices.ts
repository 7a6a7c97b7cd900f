// Devices that signed out a moment ago: closes the gap between reading a token and attaching its session.
import type { DeviceId } from '@parley/protocol/ids';

/** Far more than can sign out while one authentication is under way. */
export const REVOKED_DEVICES_MAX_COUNT = 10_000;

export class RevokedDevices {
  readonly #devices = new Set<DeviceId>();

  has(device: DeviceId): boolean {
    return this.#devices.has(device);
  }

  /** Marks the device before the revocation begins, so that none that reads the old state afterwards is let in. */
  async during(device: DeviceId, revoke: () => Promise<void>): Promise<void> {
    this.add(device);
    try {
      await revoke();
    } catch (error) {
      this.#devices.delete(device);
      throw error;
    }
  }

  add(device: DeviceId): void {
    this.#devices.add(device);
    if (this.#devices.size > REVOKED_DEVICES_MAX_COUNT) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#devices.values().next();
    if (!oldest.done) this.#devices.delete(oldest.value);
  }
}
