// Every engine by its name, and the members that a name stands for.
import { join } from 'node:path';
import { cassandra, cassandra3 } from './cassandra.ts';
import { ServicesError, type Engine, type Member } from './engine.ts';
import { nats } from './nats.ts';
import { postgres } from './postgres.ts';
import { redis, redisCluster } from './redis.ts';

/** Those of `packages/ports/src/conformance/engine.ts`, in its words. */
export const testedEngines = ['postgres', 'redis', 'redisCluster', 'nats', 'cassandra'] as const;
export const engineNames = [...testedEngines, 'cassandra3'] as const;
export type EngineName = (typeof engineNames)[number];

const engines: Readonly<Record<EngineName, Engine>> = {
  postgres,
  redis,
  redisCluster,
  nats,
  cassandra,
  cassandra3,
};

/** An engine with its members, and those that are meant: all of them, or the one in `cassandra3.2`. */
export interface Target {
  readonly name: string;
  readonly engine: Engine;
  readonly members: readonly Member[];
  readonly chosen: readonly Member[];
}

export interface Setting {
  readonly folder: string;
  readonly portBase: number;
}

export function targetOf(name: string, { folder, portBase }: Setting): Target {
  const engineName = engineNames.find((known) => known === name.split('.')[0]);
  if (engineName === undefined) throw new ServicesError(unknownName(name));
  const engine = engines[engineName];
  const members = engine.places.map(({ host, port, peerPort }, index) => {
    const memberName = engine.places.length === 1 ? engineName : `${engineName}.${index + 1}`;
    return {
      name: memberName,
      number: index + 1,
      host,
      port: portBase + port,
      peerPort: peerPort === undefined ? undefined : portBase + peerPort,
      folder: join(folder, memberName),
    };
  });
  const chosen = name === engineName ? members : members.filter((member) => member.name === name);
  if (chosen.length === 0) throw new ServicesError(unknownName(name));
  return { name, engine, members, chosen };
}

function unknownName(name: string): string {
  return `no engine ${name}. There are: ${engineNames.join(', ')}; one member of several is cassandra3.2`;
}
