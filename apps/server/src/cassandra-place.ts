// The URL of Cassandra in a setting, as the adapter takes it and as it may be shown.
import { type Cluster, parseClusterUrl } from '@parley/adapter-cassandra/connect';
import { refused } from './config-error.ts';

export interface CassandraPlace {
  readonly cluster: Cluster;
  /** Without the password. */
  readonly shown: string;
}

/** Throws a ConfigError, which shows nothing of the URL. */
export function cassandraPlace(url: string): CassandraPlace {
  try {
    const cluster = parseClusterUrl(url);
    return { cluster, shown: `cassandra://${cluster.contactPoints.join(',')}/${cluster.keyspace}` };
  } catch (error) {
    throw refused('PARLEY_MESSAGES', error);
  }
}
