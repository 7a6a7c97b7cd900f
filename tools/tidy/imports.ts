// Every import of a package is declared where it is used, and no relative import leaves its package.
import { posix } from 'node:path';
import { isCode, isTest, type Check, type Tree } from './tree.ts';
import { dependencies, workspaceOf, workspaces, type Workspace } from './workspaces.ts';

const staticImport = /^\s*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm;
const bareImport = /^\s*import\s*['"]([^'"]+)['"]/gm;
const dynamicImport = /\bimport\(\s*['"]([^'"]+)['"]/g;

/** The specifiers that a file imports, types included. */
export function importsOf(text: string): string[] {
  return [staticImport, bareImport, dynamicImport].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => match[1] ?? ''),
  );
}

/** `@scope/name/sub` -> `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function isBare(specifier: string): boolean {
  return !/^(\.|\/|#|node:|bun:|bun$)/.test(specifier);
}

export const undeclaredImports: Check = (tree) => {
  const all = workspaces(tree);
  const names = all.map(({ manifest }) => manifest.name);
  return eachImport(tree).flatMap(({ path, specifier }) => {
    const { folder, manifest } = workspaceOf(all, path);
    if (!isBare(specifier)) {
      const target = posix.join(posix.dirname(path), specifier);
      const leaves = specifier.startsWith('.') && workspaceOf(all, target).folder !== folder;
      return leaves ? [`${path}: '${specifier}' leaves its package`] : [];
    }
    const name = packageOf(specifier);
    const atRoot = folder === '';
    const declared =
      name === manifest.name ||
      name in { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies } ||
      ((atRoot || isTest(path)) && name in (manifest.devDependencies ?? {})) ||
      (atRoot && names.includes(name));
    return declared ? [] : [`${path}: '${name}' is not declared in ${folder}package.json`];
  });
};

/** Dependencies that no file of the workspace imports; the root's are tools. */
export const unusedDependencies: Check = (tree) => {
  const all = workspaces(tree);
  const used = new Set(
    eachImport(tree).map(({ path, specifier }) => key(workspaceOf(all, path), packageOf(specifier))),
  );
  return all
    .filter(({ folder }) => folder !== '')
    .flatMap((workspace) =>
      dependencies(workspace)
        .filter(([name]) => !name.startsWith('@types/') && !used.has(key(workspace, name)))
        .map(([name]) => `${workspace.folder}package.json: nothing imports '${name}'`),
    );
};

function key({ folder }: Workspace, name: string): string {
  return `${folder} ${name}`;
}

function eachImport(tree: Tree): { path: string; specifier: string }[] {
  return tree.files
    .filter(isCode)
    .flatMap((path) => importsOf(tree.read(path)).map((specifier) => ({ path, specifier })));
}
