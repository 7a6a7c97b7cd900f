// Every numbered rule of PROTOCOL.md is proved by a test that quotes it at the start of its title: '[HELLO-1] …'.
import { isCode, isTest, type Check, type Tree } from './tree.ts';

const definition = /^[ \t]*(?:[-*][ \t]+|\d+\.[ \t]+)?\*\*([A-Z]+-\d+)\*\*/gm;
/** One or more groups such as `[HELLO-1] ` or `[INV 3, SEND-2] ` right after an opening quote. */
const title = /(\.(?:skip|todo)\(\s*)?['"`]((?:\[[A-Z]+[- ]\d+(?:, ?[A-Z]+[- ]\d+)*\] ?)+)/g;

export const protocolRules: Check = (tree) => {
  const defined = definedRules(tree);
  const quoted = quotedRules(tree);
  const prefixes = new Set(defined.map(prefixOf));
  const twice = defined.filter((id, index) => defined.indexOf(id) !== index);
  const unproved = defined.filter((id) => !quoted.some((quote) => quote.id === id));
  const unknown = quoted.filter(({ id }) => prefixes.has(prefixOf(id)) && !defined.includes(id));
  return [
    ...twice.map((id) => `PROTOCOL.md: ${id} is defined twice`),
    ...unproved.map((id) => `PROTOCOL.md: no test quotes [${id}]`),
    ...unknown.map(({ id, path }) => `${path}: [${id}] is not a rule of PROTOCOL.md`),
  ];
};

function definedRules(tree: Tree): string[] {
  if (!tree.files.includes('PROTOCOL.md')) return [];
  return [...tree.read('PROTOCOL.md').matchAll(definition)].map((match) => match[1] ?? '');
}

/** What skipped tests quote proves nothing. */
function quotedRules(tree: Tree): { id: string; path: string }[] {
  return tree.files
    .filter((path) => isCode(path) && isTest(path))
    .flatMap((path) =>
      [...tree.read(path).matchAll(title)]
        .filter((match) => match[1] === undefined)
        .flatMap((match) => match[2]?.match(/[A-Z]+-\d+/g) ?? [])
        .map((id) => ({ id, path })),
    );
}

function prefixOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}
