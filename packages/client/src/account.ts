// Accounts over HTTP: register, sign in and sign out.
import { credentialsSchema, httpErrorSchema, type Credentials } from '@parley/protocol/account';
import { localError, ParleyError } from './parley-error.ts';
import { httpUrl } from './server-url.ts';
import { systemFetch } from './system.ts';

/** The part of `fetch` that is used here. */
export type FetchLike = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string },
) => Promise<{ status: number; json(): Promise<unknown> }>;

export type AccountOptions = {
  url: string;
  name: string;
  password: string;
  deviceName?: string;
  fetch?: FetchLike;
};

export type LogoutOptions = { url: string; token: string; fetch?: FetchLike };

/** Makes a user and signs a first device in. Throws a ParleyError: `name_taken`, `registration_closed`, … */
export function register(options: AccountOptions): Promise<Credentials> {
  return signIn('v1/register', options);
}

/** Signs a new device in. Throws a ParleyError: `invalid_credentials`, `rate_limited`, … */
export function login(options: AccountOptions): Promise<Credentials> {
  return signIn('v1/login', options);
}

/** Revokes the token's device; its sockets are closed. */
export async function logout({ url, token, fetch = systemFetch }: LogoutOptions): Promise<void> {
  await post({ url: httpUrl(url, 'v1/logout'), headers: { authorization: `Bearer ${token}` }, fetch });
}

async function signIn(path: string, options: AccountOptions): Promise<Credentials> {
  const { url, name, password, deviceName, fetch = systemFetch } = options;
  const body = JSON.stringify({
    name,
    password,
    ...(deviceName === undefined ? {} : { device_name: deviceName }),
  });
  const headers = { 'content-type': 'application/json' };
  const parsed = credentialsSchema.safeParse(await post({ url: httpUrl(url, path), headers, body, fetch }));
  if (!parsed.success) throw localError('unavailable', `${url} answered something that is not a sign-in.`);
  return parsed.data;
}

type Post = { url: string; headers: Record<string, string>; body?: string; fetch: FetchLike };

async function post({ url, headers, body, fetch }: Post): Promise<unknown> {
  let status: number;
  let answer: unknown;
  try {
    const response = await fetch(url, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });
    status = response.status;
    answer = status === 204 ? undefined : await response.json().catch(() => undefined);
  } catch (error) {
    throw localError('unavailable', `${url} cannot be reached: ${String(error)}`);
  }
  if (status >= 200 && status < 300) return answer;
  const parsed = httpErrorSchema.safeParse(answer);
  if (parsed.success) throw new ParleyError(parsed.data.error);
  throw localError('unavailable', `${url} answered with status ${status}.`);
}
