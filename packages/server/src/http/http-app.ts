// The HTTP side of the server: accounts, and whether it is alive and ready. WebSockets are the gateway's.
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import type { Log } from '@parley/ports/log';
import { StoreError } from '@parley/ports/store-error';
import { loginRequestSchema, registerRequestSchema } from '@parley/protocol/account';
import { fault } from '@parley/protocol/error-code';
import { TOKEN_MAX_CHARS } from '@parley/protocol/limits';
import type { AccountService, CredentialsOutcome } from '../account/account-service.ts';
import { faultOfFailure } from '../message/submission.ts';
import { faultResponse } from './fault-response.ts';
import { readBody } from './json-body.ts';
import type { OriginPolicy } from './origin-policy.ts';

export const HTTP_BODY_MAX_BYTES = 8_192;
/** How long a browser may remember that an origin is allowed. */
const CORS_MAX_AGE_S = 600;
const GREETING = `Parley is running here.
There is no page to look at: chat with \`npx parley chat\`, or from code with the SDK.
`;
const NO_TOKEN = fault('invalid_credentials', 'An Authorization header with a Bearer token is needed.');
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

export interface HttpAppOptions {
  readonly accounts: AccountService;
  readonly origins: OriginPolicy;
  /** Whether the node can serve: its stores answer and it is not draining. */
  readonly ready: () => boolean | Promise<boolean>;
  /** Where a user is to connect, by what tells users apart; undefined while no node is known. Absent: there is one node. */
  readonly connectUrl?: ((key: string) => string | undefined) | undefined;
  readonly log: Log;
}

/** Passed as the second argument of `fetch`. */
export interface HttpEnv {
  readonly remoteAddress: string;
}

export type HttpApp = Hono<{ Bindings: HttpEnv }>;

export function httpApp(options: HttpAppOptions): HttpApp {
  const { accounts, origins, ready, log } = options;
  const app: HttpApp = new Hono();
  app.use(
    securityHeaders(),
    ownOriginsOnly(origins),
    cors({
      origin: (origin) => (origin !== '' && origins.allows(origin) ? origin : null),
      allowMethods: ['GET', 'POST'],
      allowHeaders: ['Authorization', 'Content-Type'],
      exposeHeaders: ['Retry-After'],
      maxAge: CORS_MAX_AGE_S,
    }),
    bodyLimit({
      maxSize: HTTP_BODY_MAX_BYTES,
      onError: (context) => {
        const message = `The body has at most ${HTTP_BODY_MAX_BYTES} bytes.`;
        return faultResponse(context, fault('limit_reached', message), 413);
      },
    }),
  );
  app.post('/v1/register', async (context) => {
    const read = await readBody(context.req, registerRequestSchema, 'register');
    if (read.kind === 'refused') return faultResponse(context, read.fault, read.status);
    const { name, password, device_name: deviceName } = read.body;
    const address = context.env.remoteAddress;
    return credentials(context, await accounts.register({ name, password, deviceName, address }), 201);
  });
  app.post('/v1/login', async (context) => {
    const read = await readBody(context.req, loginRequestSchema, 'login');
    if (read.kind === 'refused') return faultResponse(context, read.fault, read.status);
    const { name, password, device_name: deviceName } = read.body;
    const address = context.env.remoteAddress;
    return credentials(context, await accounts.login({ name, password, deviceName, address }), 200);
  });
  app.post('/v1/logout', async (context) => {
    const token = bearerToken(context);
    if (token === undefined) {
      return faultResponse(context, NO_TOKEN);
    }
    const outcome = await accounts.logout(token, context.env.remoteAddress);
    return outcome.kind === 'ok' ? context.body(null, 204) : faultResponse(context, outcome.fault);
  });
  if (options.connectUrl !== undefined) connectRoute(app, accounts, options.connectUrl);
  app.get('/', (context) => context.text(GREETING));
  app.get('/livez', (context) => context.json({ status: 'alive' }));
  app.get('/readyz', async (context) => {
    if (await ready()) return context.json({ status: 'ready' });
    return faultResponse(
      context,
      fault('unavailable', 'The server is not ready.', { retry_after_ms: 1_000 }),
    );
  });
  app.notFound((context) => faultResponse(context, fault('not_found', 'There is nothing here.')));
  app.onError((error, context) => {
    log.error({ event: 'http_failed', path: context.req.path, error }, 'a request failed');
    const reason =
      error instanceof StoreError
        ? faultOfFailure(error)
        : fault('unavailable', 'The server failed.', { retry_after_ms: 1_000 });
    return faultResponse(context, reason);
  });
  return app;
}

/** A client may connect to any node; this names the one that has room. */
function connectRoute(
  app: HttpApp,
  accounts: AccountService,
  connectUrl: (key: string) => string | undefined,
): void {
  app.get('/v1/connect', async (context) => {
    const token = bearerToken(context);
    if (token === undefined) return faultResponse(context, NO_TOKEN);
    const user = await accounts.userKey(token);
    if (user.kind === 'refused') return faultResponse(context, user.fault);
    const url = connectUrl(user.key);
    if (url !== undefined) return context.json({ url });
    return faultResponse(context, fault('unavailable', 'No node is known.', { retry_after_ms: 1_000 }));
  });
}

/** Nothing here is a page: no content from an answer may run, be framed, be guessed at, or be kept. */
function securityHeaders(): MiddlewareHandler {
  const headers = secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    referrerPolicy: 'no-referrer',
    xFrameOptions: 'DENY',
    // Whoever ends TLS in front of the server decides on this one.
    strictTransportSecurity: false,
  });
  return async (context, next) => {
    await headers(context, next);
    context.header('Cache-Control', 'no-store');
  };
}

function ownOriginsOnly(origins: OriginPolicy): MiddlewareHandler {
  return async (context, next) => {
    if (origins.allows(context.req.header('Origin'))) return next();
    return faultResponse(context, fault('forbidden', 'Pages of this origin may not use this server.'));
  };
}

function credentials(context: Context, outcome: CredentialsOutcome, status: 200 | 201): Response {
  return outcome.kind === 'ok'
    ? context.json(outcome.credentials, status)
    : faultResponse(context, outcome.fault);
}

function bearerToken(context: Context): string | undefined {
  const token = BEARER.exec(context.req.header('Authorization') ?? '')?.[1];
  return token !== undefined && token.length <= TOKEN_MAX_CHARS ? token : undefined;
}
