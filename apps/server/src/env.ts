// The one file that reads environment variables of the server. What is not set has its default in config.ts.

export interface Environment {
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly directory: string | undefined;
  readonly messages: string | undefined;
  readonly members: string | undefined;
  readonly cache: string | undefined;
  readonly bus: string | undefined;
  readonly node: string | undefined;
  readonly advertise: string | undefined;
  readonly origins: string | undefined;
  readonly trustedProxies: string | undefined;
  readonly registration: string | undefined;
  readonly logLevel: string | undefined;
  readonly tokenLifetimeDays: string | undefined;
  readonly queueRetentionDays: string | undefined;
  readonly logRetentionDays: string | undefined;
  readonly editWindowMinutes: string | undefined;
  readonly largeGroupMembers: string | undefined;
  readonly jwtSecret: string | undefined;
  readonly jwtJwks: string | undefined;
  readonly jwtAlgorithms: string | undefined;
  readonly jwtAudience: string | undefined;
  readonly jwtIssuer: string | undefined;
}

export function readEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  return {
    host: env['PARLEY_HOST'],
    port: env['PARLEY_PORT'],
    directory: env['PARLEY_DATA'],
    messages: env['PARLEY_MESSAGES'],
    members: env['PARLEY_MEMBERS'],
    cache: env['PARLEY_CACHE'],
    bus: env['PARLEY_BUS'],
    node: env['PARLEY_NODE'],
    advertise: env['PARLEY_ADVERTISE'],
    origins: env['PARLEY_ORIGINS'],
    trustedProxies: env['PARLEY_TRUSTED_PROXIES'],
    registration: env['PARLEY_REGISTRATION'],
    logLevel: env['PARLEY_LOG_LEVEL'],
    tokenLifetimeDays: env['PARLEY_TOKEN_LIFETIME_DAYS'],
    queueRetentionDays: env['PARLEY_QUEUE_RETENTION_DAYS'],
    logRetentionDays: env['PARLEY_LOG_RETENTION_DAYS'],
    editWindowMinutes: env['PARLEY_EDIT_WINDOW_MINUTES'],
    largeGroupMembers: env['PARLEY_LARGE_GROUP_MEMBERS'],
    jwtSecret: env['PARLEY_JWT_SECRET'],
    jwtJwks: env['PARLEY_JWT_JWKS'],
    jwtAlgorithms: env['PARLEY_JWT_ALGORITHMS'],
    jwtAudience: env['PARLEY_JWT_AUDIENCE'],
    jwtIssuer: env['PARLEY_JWT_ISSUER'],
  };
}
