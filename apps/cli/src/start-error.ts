// What an operator is told where a command cannot use the stores of a server, or its address.
import { CliError } from './cli-error.ts';

/** Failures that an operator can do something about; anything else is a defect and keeps its stack trace. */
export function asStartError(
  error: unknown,
  { port, host }: { port?: number | undefined; host?: string | undefined },
): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new CliError({
      code: 'port_in_use',
      message: `Port ${port ?? 'given by PARLEY_PORT, or 8080,'} is in use. Choose another one with --port, or any free one with --port 0.`,
    });
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new CliError({
      code: 'cannot_listen',
      message: `The server cannot listen on ${host ?? 'its address'}${port === undefined ? '' : `, port ${port}`}: ${error.message}. Choose another one with --host or --port.`,
    });
  }
  if (error.name === 'StoreError' && error.message.includes('already using')) {
    return new CliError({
      code: 'folder_in_use',
      message: `${error.message}. Stop that one first, or choose another folder with --data.`,
    });
  }
  if (error.name === 'StoreError' && 'kind' in error && error.kind === 'storage_full')
    return new CliError({ code: 'storage_full', message: error.message, retry: 'later' });
  if (error.name === 'StoreError')
    return new CliError({ code: 'storage_unusable', message: error.message.replace(/(?<![.?!])$/, '.') });
  if (error.name === 'AnotherServerError')
    return new CliError({ code: 'another_server', message: error.message, retry: 'later' });
  if (error.name === 'ConfigError') return new CliError({ code: 'bad_setting', message: error.message });
  return error;
}
