// What `npm test` counts.
import { describe, expect, test } from 'bun:test';
import { countJunit, countSummary } from './test-report.mjs';

describe('countJunit', () => {
  test('counts passed, failed and skipped, and names the skipped', () => {
    const xml = `<testsuites name="bun test" tests="5" assertions="2" failures="2" skipped="1" time="0.1">
      <testcase name="a" classname="" file="x.test.ts" />
      <testcase name="&lt;b&gt; &amp;lt;" classname="" file="x.test.ts" line="3"> <skipped /></testcase>
    </testsuites>`;
    expect(countJunit(xml)).toEqual({ passed: 2, failed: 2, skipped: ['x.test.ts: <b> &lt;'] });
  });

  test('knows what is no report', () => {
    expect(countJunit('')).toBeUndefined();
  });
});

describe('countSummary', () => {
  test('takes the last line of ours, or the summary of node --test', () => {
    expect(countSummary('1 passed, 0 failed\n3 passed, 1 failed\n')).toEqual({
      passed: 3,
      failed: 1,
      skipped: [],
    });
    expect(countSummary('ℹ tests 5\nℹ pass 3\nℹ fail 1\nℹ skipped 1\n')).toMatchObject({
      passed: 3,
      failed: 1,
      skipped: [expect.any(String)],
    });
    expect(countSummary('# pass 3\n# fail 0\n')).toEqual({ passed: 3, failed: 0, skipped: [] });
  });

  test('knows what is no summary', () => {
    expect(countSummary('all fine')).toBeUndefined();
  });
});
