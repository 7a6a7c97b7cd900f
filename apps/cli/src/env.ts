// The one file of the command line that reads the environment.
import { homedir, platform } from 'node:os';

/** What the command line takes from its surroundings. Empty variables count as absent. */
export interface Environment {
  readonly platform: string;
  readonly home: string;
  /** PARLEY_CONFIG_DIR: where profiles are kept, instead of the user's configuration folder. */
  readonly configDir: string | undefined;
  readonly xdgConfigHome: string | undefined;
  readonly appData: string | undefined;
  /** NO_COLOR (https://no-color.org): any value but the empty one turns colours off. */
  readonly noColor: boolean;
  readonly term: string | undefined;
}

export function readEnvironment(): Environment {
  return {
    platform: platform(),
    home: homedir(),
    configDir: read('PARLEY_CONFIG_DIR'),
    xdgConfigHome: read('XDG_CONFIG_HOME'),
    appData: read('APPDATA'),
    noColor: read('NO_COLOR') !== undefined,
    term: read('TERM'),
  };
}

function read(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : value;
}
