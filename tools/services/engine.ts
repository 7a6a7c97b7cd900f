// What an engine is to `npm run services`: where its members listen, how it is installed, started and asked for readiness.

/** One process of an engine. */
export interface Member {
  /** `redis`, or `redisCluster.2` where an engine has several members. */
  readonly name: string;
  /** From 1. */
  readonly number: number;
  readonly host: string;
  /** Where clients connect. */
  readonly port: number;
  /** Where the other members connect; undefined for an engine that has no way for others. */
  readonly peerPort: number | undefined;
  /** Holds its settings, data, log and pid. */
  readonly folder: string;
}

/** Where a member listens: ports as offsets from the base. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly peerPort?: number;
}

export interface Engine {
  /** One member each. */
  readonly places: readonly Place[];
  /** Brings what is missing, and nothing else. */
  install(cache: string): Promise<void>;
  /** Writes the member's settings and answers the command that runs it in the foreground. */
  prepare(member: Member, all: readonly Member[], cache: string): Promise<readonly string[]>;
  isReady(member: Member): Promise<boolean>;
  /** Makes one engine of the members, once all are ready; does nothing where that was done. */
  form?(all: readonly Member[]): Promise<void>;
  /** How it ends in order; SIGTERM unless said. */
  readonly stopSignal?: NodeJS.Signals;
  /** What tests read to find it. */
  variables(all: readonly Member[], cache: string): Readonly<Record<string, string>>;
}

/** Something that people can put right: told in a sentence, without a stack. */
export class ServicesError extends Error {}

export function addresses(members: readonly Member[]): string {
  return members.map(({ host, port }) => `${host}:${port}`).join(',');
}
