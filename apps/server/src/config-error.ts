// A setting that cannot be used.

/** The message names the setting and says what it should be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What an adapter finds wrong with the value; adapters never show a URL, which may have a password. */
export function refused(setting: string, error: unknown): ConfigError {
  return new ConfigError(`${setting}: ${error instanceof Error ? error.message : String(error)}`);
}
