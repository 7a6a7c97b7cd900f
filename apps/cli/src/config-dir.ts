// Where profiles live: PARLEY_CONFIG_DIR, or the place that the operating system means for a user's configuration.
import { isAbsolute, join, resolve } from 'node:path';
import type { Environment } from './env.ts';

/** The folder that holds `profiles/`. It need not exist yet. */
export function configDir(environment: Environment): string {
  if (environment.configDir !== undefined) return resolve(environment.configDir);
  switch (environment.platform) {
    case 'darwin':
      return join(environment.home, 'Library', 'Application Support', 'parley');
    case 'win32':
      return join(environment.appData ?? join(environment.home, 'AppData', 'Roaming'), 'parley');
    default:
      return join(xdgBase(environment), 'parley');
  }
}

/** The XDG specification says that a relative path is invalid and is to be ignored. */
function xdgBase({ xdgConfigHome, home }: Environment): string {
  return xdgConfigHome !== undefined && isAbsolute(xdgConfigHome) ? xdgConfigHome : join(home, '.config');
}
