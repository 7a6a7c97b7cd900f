// A server's address, as people write it, turned into the URLs that are called.

/** `path` below the server's URL, over HTTP. Throws a TypeError where the URL cannot be read. */
export function httpUrl(server: string, path: string): string {
  return below(server, path, { 'ws:': 'http:', 'wss:': 'https:' });
}

/** `path` below the server's URL, as a WebSocket. */
export function socketUrl(server: string, path: string): string {
  return below(server, path, { 'http:': 'ws:', 'https:': 'wss:' });
}

function below(server: string, path: string, schemes: Record<string, string>): string {
  const base = new URL(server);
  const scheme = schemes[base.protocol] ?? base.protocol;
  if (!/^(http|ws)s?:$/.test(scheme))
    throw new TypeError(`A server's URL begins with http, https, ws or wss: ${server}`);
  const folder = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
  // The scheme is put in as text: URL refuses to change http into ws by assignment.
  return `${scheme}//${base.host}${folder}${path}`;
}
