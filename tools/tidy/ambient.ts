// Ambient time, timers, chance and environment that the linter's rules cannot see: constructors and node: imports.
import { isTest, type Check } from './tree.ts';

const forbidden: readonly [pattern: RegExp, instead: string][] = [
  [/\bnew Date\(\s*\)|(?<![\w.])Date\(\s*\)/, 'take a Clock'],
  [/\bfrom\s*['"](?:node:)?timers(?:\/promises)?['"]/, 'take Timers'],
  [/\bfrom\s*['"](?:node:)?perf_hooks['"]/, 'take a Clock'],
  [
    /\bimport\s*\{[^}]*\b(?:hrtime|env)\b[^}]*\}\s*from\s*['"](?:node:)?process['"]/,
    'take a Clock or options',
  ],
  [/\bimport\s*\{[^}]*\brandom\w+[^}]*\}\s*from\s*['"](?:node:)?crypto['"]/, 'take Randomness'],
  [/\bimport\s*\{[^}]*\b(?:sleep|nanoseconds|randomUUIDv7|env)\b[^}]*\}\s*from\s*['"]bun['"]/, 'take a port'],
];

/** The files that turn the ambient world into ports. */
const owners = /^packages\/adapters\/system\/|^packages\/client\/src\/system[\w-]*\.ts$/;

export const ambient: Check = (tree) =>
  tree.files
    .filter((path) => /^(packages|apps)\/.*\.tsx?$/.test(path) && !isTest(path) && !owners.test(path))
    .flatMap((path) => {
      const code = tree.read(path).replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
      return forbidden
        .filter(([pattern]) => pattern.test(code))
        .map(([pattern, instead]) => `${path}: ${pattern.exec(code)?.[0] ?? ''}: ${instead}`);
    });
