// Real pipes: what is confirmed was taken by the operating system, and a reader that goes away is no crash.
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';

// Real processes on a machine that may be busy; nothing here asserts how fast they are.
setDefaultTimeout(60_000);

const OUTPUT = join(import.meta.dir, 'output.ts');

function run(program: string, reader: string): { stdout: string; stderr: string } {
  const source = `import { Output, OutputClosedError } from ${JSON.stringify(OUTPUT)};
    const out = new Output(1); ${program}`;
  const result = Bun.spawnSync(['sh', '-c', `"$0" -e "$1" | ${reader}`, process.execPath, source]);
  return { stdout: result.stdout.toString(), stderr: result.stderr.toString() };
}

test('lines that were written without waiting arrive whole and in order', () => {
  const { stdout } = run(
    `for (let n = 1; n <= 3000; n++) void out.line(n + 'x'.repeat(300)); await out.json({ end: true });`,
    'cat',
  );
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(3001);
  expect(lines.slice(0, -1).map((line) => Number.parseInt(line, 10))).toEqual(
    Array.from({ length: 3000 }, (_, index) => index + 1),
  );
  expect(lines.at(-1)).toBe('{"end":true}');
});

test('a reader that has gone is told as OutputClosedError', () => {
  const { stderr } = run(
    `try { for (;;) await out.line('y'.repeat(1000)); }
     catch (error) { process.stderr.write(String(error instanceof OutputClosedError)); }`,
    'head -n 1 >/dev/null',
  );
  expect(stderr).toBe('true');
});

test('a full disk is an expected failure, said in words', () => {
  const { stderr } = run(
    `const full = new Output((await import('node:fs')).openSync('/dev/full', 'w'));
     await full.line('x').catch((error) => process.stderr.write(error.code + ' ' + error.message));`,
    'cat',
  );
  expect(stderr).toMatch(/^io The output could not be written: .*ENOSPC/);
});
