// Turns what the SDK throws into what the command line says.
import { ParleyError } from '@parley/client';
import { CliError } from './cli-error.ts';

/** A refusal in words; what is not a refusal is left as it is, because it is a defect of ours. */
export function asCliError(error: unknown, profile?: string): unknown {
  if (!(error instanceof ParleyError)) return error;
  const { code, message, retry, field, version } = error.fault;
  return new CliError({
    code,
    message: `${sentence(message)}${advice(error, profile)}`,
    retry,
    field,
    version,
  });
}

/** What the server would take later, for a command that does not wait for that. */
export function notYet({ fault: { code, message, retry, retry_after_ms } }: ParleyError): CliError {
  const when = retry_after_ms === undefined ? 'later' : `in ${Math.ceil(retry_after_ms / 1_000)} s`;
  const hint = `Try again ${when}, or wait longer with --timeout.`;
  return new CliError({ code, message: `${sentence(message)} ${hint}`, retry });
}

/** The refusal of one message among many. Anything but a refusal is thrown on. */
export function refusalOf(error: unknown, profile?: string): CliError {
  const refusal = asCliError(error, profile);
  if (refusal instanceof CliError) return refusal;
  throw error instanceof Error ? error : new Error(String(error));
}

function sentence(message: string): string {
  const begun = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function advice({ code, version }: ParleyError, profile: string | undefined): string {
  switch (code) {
    case 'stale_version':
      return version === undefined ? '' : ` Its version is ${version} now; nothing was changed.`;
    case 'token_expired':
    case 'invalid_credentials':
      return profile === undefined
        ? ''
        : ` Sign in again with: parley login NAME --url URL --profile ${profile}`;
    case 'outcome_unknown':
      return ' It may have happened or not; ask again with the same --client-msg-id to find out.';
    case 'storage_full':
      return ' Nothing was stored. Free some space on the server, then try again.';
    case 'version_unsupported':
      return ' Bring this program or the server up to date.';
    default:
      return '';
  }
}
