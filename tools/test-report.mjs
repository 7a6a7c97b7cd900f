// Reads how many tests passed, failed and were skipped from what a test runner wrote.

/** Counts of a JUnit report as `bun test` writes it; undefined when the text is none. */
export function countJunit(xml) {
  const head = /<testsuites [^>]*\btests="(\d+)"[^>]*\bfailures="(\d+)"/.exec(xml);
  if (head === null) return undefined;
  const cases = xml.matchAll(/<testcase name="([^"]*)"[^>]*\bfile="([^"]*)"[^>]*>\s*<skipped\b/g);
  const skipped = [...cases].map(([, name, file]) => `${unescape(file)}: ${unescape(name)}`);
  return { passed: Number(head[1]) - Number(head[2]) - skipped.length, failed: Number(head[2]), skipped };
}

/** Counts of plain output: `N passed, N failed`, or the summary of `node --test`; undefined when it has neither. */
export function countSummary(text) {
  const line = [...text.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1);
  if (line !== undefined) return count(line[1], line[2], line[3]);
  const number = (word) => new RegExp(`^(?:#|ℹ) ${word} (\\d+)$`, 'm').exec(text)?.[1];
  return number('pass') === undefined ? undefined : count(number('pass'), number('fail'), number('skipped'));
}

function count(passed, failed, skipped = '0') {
  const names =
    Number(skipped) === 0 ? [] : Array.from({ length: Number(skipped) }, () => 'a test under Node');
  return { passed: Number(passed), failed: Number(failed), skipped: names };
}

function unescape(text) {
  const entities = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => entities[name]);
}
