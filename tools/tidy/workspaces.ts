// The package.json files of a tree, and which of them a file belongs to.
import type { Tree } from './tree.ts';

type Versions = Readonly<Record<string, string>>;

export interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Versions;
  readonly scripts?: Versions;
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly peerDependencies?: Versions;
  readonly optionalDependencies?: Versions;
}

export interface Workspace {
  /** '' for the root, otherwise a path that ends in a slash. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** The root's first, then those of the workspaces. */
export function workspaces(tree: Tree): Workspace[] {
  return tree.files
    .filter((path) => /(^|\/)package\.json$/.test(path))
    .map((path) => ({
      folder: path.slice(0, -'package.json'.length),
      manifest: JSON.parse(tree.read(path)) as Manifest,
    }))
    .toSorted((a, b) => a.folder.length - b.folder.length);
}

/** The innermost workspace that holds the file. */
export function workspaceOf(all: readonly Workspace[], path: string): Workspace {
  const found = all.findLast(({ folder }) => path.startsWith(folder));
  if (found === undefined) throw new Error(`${path} is in no workspace`);
  return found;
}

/** Every dependency of every kind, with its version. */
export function dependencies({ manifest }: Workspace): [name: string, version: string][] {
  return [
    ...Object.entries(manifest.dependencies ?? {}),
    ...Object.entries(manifest.devDependencies ?? {}),
    ...Object.entries(manifest.peerDependencies ?? {}),
    ...Object.entries(manifest.optionalDependencies ?? {}),
  ];
}
