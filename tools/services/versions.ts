// The versions of the engines that the tests run against: the one place that names them.
export const CASSANDRA_VERSION = '5.0.9';
export const NATS_VERSION = '2.15.2';
/** PostgreSQL and Redis come from the distribution; an older PostgreSQL than this is refused. */
export const POSTGRES_MAJOR_MIN = 15;
/** Cassandra 5.0 runs on this Java, and on no later one. */
export const JAVA_MAJOR = 17;
