// Dependencies are pinned exactly, and each has its reason in docs/decisions/dependencies.md.
import type { Check } from './tree.ts';
import { dependencies, workspaces } from './workspaces.ts';

const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
const reasonsPath = 'docs/decisions/dependencies.md';

export const loosePins: Check = (tree) =>
  workspaces(tree).flatMap((workspace) =>
    dependencies(workspace)
      .filter(([, version]) => !exact.test(version))
      .map(
        ([name, version]) => `${workspace.folder}package.json: '${name}' is not pinned exactly: ${version}`,
      ),
  );

/** A line of dependencies.md begins with the name in a list or table: "- `zod` …" or "| `zod` | …". */
export const undocumentedDependencies: Check = (tree) => {
  const all = workspaces(tree);
  const own = all.map(({ manifest }) => manifest.name);
  const used = new Set(all.flatMap((workspace) => dependencies(workspace).map(([name]) => name)));
  const text = tree.files.includes(reasonsPath) ? tree.read(reasonsPath) : '';
  const listed = [...text.matchAll(/^(?:[-*]|\|) `([^`]+)`/gm)].map((match) => match[1] ?? '');
  return [
    ...[...used]
      .filter((name) => !own.includes(name) && !listed.includes(name))
      .map((name) => `${reasonsPath}: no line for '${name}'`),
    ...listed.filter((name) => !used.has(name)).map((name) => `${reasonsPath}: nothing depends on '${name}'`),
  ];
};
