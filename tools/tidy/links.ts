// Every relative link of a document points at something.
import { posix } from 'node:path';
import type { Check } from './tree.ts';

export const brokenLinks: Check = (tree) => {
  const known = new Set(tree.files);
  for (const path of tree.files)
    for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) known.add(at);
  return tree.files
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      targets(tree.read(path))
        .filter((target) => !known.has(resolve(path, target)))
        .map((target) => `${path}: the link ${target} leads nowhere`),
    );
};

/** Link targets outside of code, without those of other sites and of the same page. */
function targets(markdown: string): string[] {
  const prose = markdown.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '``');
  const inline = [...prose.matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)/g)];
  const reference = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  return [...inline, ...reference]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^([a-z][a-z+.-]*:|#|\/\/)/i.test(target));
}

function resolve(path: string, target: string): string {
  const file = decodeURI(target.replace(/[#?].*$/, ''));
  const from = file.startsWith('/') ? '.' : posix.dirname(path);
  return posix.join(from, file).replace(/\/$/, '');
}
