// The version of the command line, as its package says.
import manifest from '../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
