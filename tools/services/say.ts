// What people are told: on standard error, so that the output of `env` and `status` stays clean.
export function say(line: string): void {
  process.stderr.write(`services: ${line}\n`);
}
