// The files that the tidy checks look at: of this checkout, or planted by a test.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Tree {
  /** Paths relative to the root, with forward slashes; what git ignores is not among them. */
  readonly files: readonly string[];
  read(path: string): string;
}

/** A check returns what it found, one line for people each; none when all is well. */
export type Check = (tree: Tree) => string[];

/** Tracked files, and new ones that git does not ignore. */
export function checkout(root: string): Tree {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ls-files: ${stderr}`);
  const listed = stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
  return cached([...new Set(listed)].toSorted(), (path) => readFileSync(join(root, path), 'utf8'));
}

/** A tree in memory. */
export function planted(files: Readonly<Record<string, string>>): Tree {
  return cached(Object.keys(files), (path) => files[path] ?? '');
}

function cached(files: readonly string[], load: (path: string) => string): Tree {
  const texts = new Map<string, string>();
  return {
    files,
    read(path) {
      const text = texts.get(path) ?? load(path);
      texts.set(path, text);
      return text;
    },
  };
}

export function isCode(path: string): boolean {
  return /\.(ts|tsx|mts|mjs|js)$/.test(path);
}

/** Whether a file runs only in tests: a test, a conformance suite, or a helper of them. */
export function isTest(path: string): boolean {
  return /\.test\.(tsx?|mjs)$|(^|\/)(tests?|testing|conformance)\//.test(path);
}
