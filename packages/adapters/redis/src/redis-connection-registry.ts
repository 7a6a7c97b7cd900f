// The connection registry on Redis: a hash per user, session to route, each route under its node's lease.
import type { Clock } from '@parley/ports/clock';
import type { ConnectionRegistry, Route } from '@parley/ports/connection-registry';
import type { DeviceId, SessionId, UserId } from '@parley/protocol/ids';
import type { Generation, LeaseTable } from './lease-table.ts';
import { REWRITE_AFTER_MS, ROUTES_LIFE_MS } from './limits.ts';
import type { RedisLink } from './redis-link.ts';
import { pairsOf } from './reply.ts';
import { type Command, command, Script } from './script.ts';

const REGISTER = new Script(`
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`);

/** Takes away what is as it was seen: a node that came back may have written the same session again meanwhile. */
const PRUNE = new Script(`
for at = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then redis.call('HDEL', KEYS[1], ARGV[at]) end
end
return 1`);

/** Of a node that this adapter renews: when its routes were, or should have been, registered last. */
interface Registration {
  readonly epoch: string;
  readonly atMs: number;
}

interface Found extends Generation {
  readonly route: Route;
  readonly value: string;
}

export interface RedisConnectionRegistryParts {
  readonly link: RedisLink;
  readonly leases: LeaseTable;
  readonly keyPrefix: string;
  readonly clock: Clock;
}

export class RedisConnectionRegistry implements ConnectionRegistry {
  readonly #parts: RedisConnectionRegistryParts;
  readonly #registrations = new Map<string, Registration>();

  constructor(parts: RedisConnectionRegistryParts) {
    this.#parts = parts;
  }

  /** Routes of a node without a lease are not kept: they would not count, and it registers again after renewing. */
  async register(routes: readonly Route[]): Promise<void> {
    const { link, leases } = this.#parts;
    const commands: Command[] = [];
    for (const [user, those] of Map.groupBy(routes, (route) => route.user)) {
      const fields = those.flatMap((route) => {
        const generation = leases.held(route.node);
        return generation === undefined ? [] : [route.session, valueOf(route, generation)];
      });
      if (fields.length > 0) commands.push(REGISTER.on(this.#key(user), ROUTES_LIFE_MS, ...fields));
    }
    await link.send(commands, 'write');
  }

  async unregister(routes: readonly Route[]): Promise<void> {
    const commands = [...Map.groupBy(routes, (route) => route.user)].map(([user, those]) =>
      command('HDEL', this.#key(user), ...those.map((route) => route.session)),
    );
    await this.#parts.link.send(commands, 'write');
  }

  async find(users: readonly UserId[]): Promise<readonly Route[]> {
    const { link, leases } = this.#parts;
    const asked = [...new Set(users)];
    const replies = await link.send(
      asked.map((user) => command('HGETALL', this.#key(user))),
      'read',
    );
    const found = asked.flatMap((user, index) =>
      pairsOf(replies[index]).map(([session, value]) => parseRoute(user, session, value)),
    );
    await leases.look(found);
    const dead = found.filter((each) => leases.isEnded(each));
    if (dead.length > 0) this.#prune(dead);
    return found.filter((each) => leases.isAlive(each)).map((each) => each.route);
  }

  /**
   * Also false when a connection to Redis was lost in between, since a master that took another's place may lack what
   * was written last; and twice a day, so that no route of a long session comes to the end of its life.
   */
  async renew(node: string, until: number): Promise<boolean> {
    const { link, leases, clock } = this.#parts;
    const { epoch } = link;
    const lived = await leases.renew(node, until);
    const last = this.#registrations.get(node);
    const atMs = clock.monotonic();
    if (lived && last?.epoch === epoch && atMs - last.atMs < REWRITE_AFTER_MS) return true;
    this.#registrations.set(node, { epoch, atMs });
    return false;
  }

  nodes(): Promise<readonly string[]> {
    return this.#parts.leases.nodes();
  }

  /** The connection belongs to the one who opened it. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #prune(dead: readonly Found[]): void {
    const commands = [...Map.groupBy(dead, ({ route }) => route.user)].map(([user, those]) =>
      PRUNE.on(this.#key(user), ...those.flatMap(({ route, value }) => [route.session, value])),
    );
    // Nobody waits for it: what stays is found dead again.
    this.#parts.link.send(commands, 'write').catch(() => undefined);
  }

  #key(user: UserId): string {
    return `${this.#parts.keyPrefix}:routes:${user}`;
  }
}

const valueOf = (route: Route, generation: string) => `${generation} ${route.device} ${route.node}`;

function parseRoute(user: UserId, session: string, value: string): Found {
  const [generation = '', device = '', ...node] = value.split(' ');
  const route = { session: session as SessionId, user, device: device as DeviceId, node: node.join(' ') };
  return { route, value, generation, node: route.node };
}
