// A source file that nothing reaches, starting from entry points and tests, is dead.
import { posix } from 'node:path';
import { importsOf, packageOf } from './imports.ts';
import { isCode, type Check, type Tree } from './tree.ts';
import { workspaces, type Workspace } from './workspaces.ts';

/** Text that names a file by its path: workers, child processes, scripts. */
const namedFile = /[\w@.-]+(?:\/[\w@.-]+)*\.(?:ts|tsx|mjs)\b/g;

export const orphans: Check = (tree) => {
  const all = workspaces(tree);
  const files = new Set(tree.files);
  const reached = new Set<string>();
  const queue = tree.files.filter((path) => isEntry(path, all));
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    queue.push(...references(tree, path, all).filter((target) => files.has(target)));
  }
  return tree.files
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts') && !reached.has(path))
    .map((path) => `${path}: nothing imports it`);
};

function isEntry(path: string, all: readonly Workspace[]): boolean {
  if (/\.test\.(tsx?|mjs)$/.test(path)) return true;
  if (path.endsWith('package.json') || path.startsWith('.ci/')) return true;
  return all.some(({ folder, manifest }) =>
    Object.values(manifest.bin ?? {}).some((file) => posix.join(folder, file) === path),
  );
}

function references(tree: Tree, path: string, all: readonly Workspace[]): string[] {
  const text = tree.read(path);
  const folder = posix.dirname(path);
  const imported = importsOf(text).flatMap((specifier) =>
    specifier.startsWith('.') ? [posix.join(folder, specifier)] : exported(specifier, all),
  );
  return isCode(path) ? [...imported, ...quoted(text, folder)] : named(text, folder);
}

/** Paths in a script or manifest, from the root of the repository or the file's folder; dist is built from src. */
function named(text: string, folder: string): string[] {
  const paths = [...text.replace(/\$\{?\w+\}?\//g, '').matchAll(namedFile)].map((match) => match[0]);
  const sources = [...text.matchAll(/\bdist\/([\w/-]+)\.js\b/g)].map((match) => `src/${match[1] ?? ''}.ts`);
  return [...paths, ...sources].flatMap((path) => [posix.join(path), posix.join(folder, path)]);
}

/** Paths in string literals of code, for `new Worker(new URL('./x.ts', …))` and child processes. */
function quoted(text: string, folder: string): string[] {
  const literals = [...text.matchAll(/['"`]([^'"`\n]*\.(?:ts|tsx|mjs))['"`]/g)].map(
    (match) => match[1] ?? '',
  );
  return literals.flatMap((path) => [posix.join(path), posix.join(folder, path)]);
}

/** The files that `@scope/name/sub` may stand for by the package's exports. */
function exported(specifier: string, all: readonly Workspace[]): string[] {
  const name = packageOf(specifier);
  const workspace = all.find(({ manifest }) => manifest.name === name);
  if (workspace === undefined) return [];
  const sub = `.${specifier.slice(name.length)}`;
  return Object.entries(workspace.manifest.exports ?? {}).flatMap(([pattern, target]) => {
    const [before = '', after] = pattern.split('*');
    const fits = after === undefined ? sub === pattern : sub.startsWith(before) && sub.endsWith(after);
    if (!fits) return [];
    const star = after === undefined ? '' : sub.slice(before.length, sub.length - after.length);
    const targets = typeof target === 'string' ? [target] : Object.values(target);
    return targets.map((file) => posix.join(workspace.folder, file.replace('*', star)));
  });
}
