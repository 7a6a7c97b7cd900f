// What may not stand in a file: too many lines, traces of one machine, build output, ways around the types.
import { isCode, type Check, type Tree } from './tree.ts';

const linesMax = 400;

export const longFiles: Check = (tree) =>
  tree.files
    .filter((path) => isCode(path) || /\.(py|sh|sql)$/.test(path))
    .map((path) => ({ path, lines: tree.read(path).trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > linesMax)
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${linesMax}`);

/** Paths of one machine, and registries other than through the client's own configuration. */
export const machineTraces: Check = (tree) => [
  ...search(tree, isText, /(?<![\w.-])\/(?:work|root|tmp\/bash)[\w.]*\//, 'a path of one machine'),
  ...search(
    tree,
    isText,
    /\bregistry\.[a-z][\w-]*\.[a-z]{2,}|^registry *=|files\.pythonhosted\.org/m,
    'a registry host',
  ),
  ...search(tree, (path) => path.endsWith('package-lock.json'), /"resolved": "https?:/, 'a resolved URL'),
];

export const trackedBuilds: Check = (tree) =>
  tree.files
    .filter((path) => /(^|\/)(dist|node_modules)\//.test(path))
    .map((path) => `${path}: build output`);

export const typeEscapes: Check = (tree) =>
  search(
    tree,
    (path) => /\.tsx?$/.test(path) && !path.startsWith('tools/tidy/'),
    /\bas unknown as\b|\b(?:test|it|describe)\.only\(|\b(?:ox|es)lint-disable(?!.* -- )/,
    'a way around a check',
  );

function search(tree: Tree, within: (path: string) => boolean, pattern: RegExp, what: string): string[] {
  return tree.files.filter(within).flatMap((path) => {
    const text = tree.read(path);
    const match = pattern.exec(text);
    if (match === null) return [];
    const line = text.slice(0, match.index).split('\n').length;
    return [`${path}:${line}: ${what}: ${match[0].trim()}`];
  });
}

function isText(path: string): boolean {
  return !/\.(png|jpg|jpeg|gif|ico|woff2?|wasm|gz|zip|db)$/.test(path) && !path.endsWith('content.test.ts');
}
