// For developers: runs seeds one after another. bun packages/simulator/src/main.ts --seed N --steps N --runs N
import { parseArgs } from 'node:util';
import { describe, simulate } from './simulation.ts';

const options = {
  seed: { type: 'string', default: '1' },
  steps: { type: 'string', default: '300' },
  runs: { type: 'string', default: '1' },
  /** How many violations of a run are shown. */
  shown: { type: 'string', default: '1' },
} as const;

const { values } = parseArgs({ options });
const first = Number(values.seed);
const steps = Number(values.steps);
const runs = Number(values.runs);
let failed = 0;
for (let seed = first; seed < first + runs; seed++) {
  const startedS = process.uptime();
  const report = await simulate({ seed, steps });
  const tookS = process.uptime() - startedS;
  const speed = `${tookS.toFixed(2)} s, ${Math.round(report.events / tookS)} events/s`;
  process.stdout.write(`${describe(report, Number(values.shown))}, ${speed}\n`);
  if (report.violations.length > 0) failed += 1;
}
process.stdout.write(`${runs - failed} of ${runs} runs are fine\n`);
process.exitCode = failed === 0 ? 0 : 1;
