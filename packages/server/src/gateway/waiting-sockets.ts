// Sockets that have not said who they are, counted by address, so that no address takes every place for them.
import { throttleKey } from '../account/throttle-key.ts';

/** A large office behind one address that reconnects at once fits in. */
export const UNAUTHENTICATED_PER_ADDRESS_MAX_COUNT = 1_000;

export interface MaybeWaiting {
  readonly address: string;
  /** False for ever once the socket has been let in. */
  readonly isWaiting: boolean;
}

export class WaitingSockets {
  /** Those that were let in meanwhile stay until an address seems full, or until they close. */
  readonly #byAddress = new Map<string, Set<MaybeWaiting>>();

  hasPlace(address: string): boolean {
    const sockets = this.#byAddress.get(throttleKey(address));
    if (sockets === undefined || sockets.size < UNAUTHENTICATED_PER_ADDRESS_MAX_COUNT) return true;
    for (const socket of sockets) if (!socket.isWaiting) sockets.delete(socket);
    return sockets.size < UNAUTHENTICATED_PER_ADDRESS_MAX_COUNT;
  }

  add(socket: MaybeWaiting): void {
    const key = throttleKey(socket.address);
    const sockets = this.#byAddress.get(key);
    if (sockets === undefined) this.#byAddress.set(key, new Set([socket]));
    else sockets.add(socket);
  }

  remove(socket: MaybeWaiting): void {
    const key = throttleKey(socket.address);
    const sockets = this.#byAddress.get(key);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#byAddress.delete(key);
  }
}
