// Spans of time on the command line: 90, 90s, 30m, 8h, 7d, 2w.
import { InvalidArgumentError } from 'commander';

const UNITS_S = { s: 1, m: 60, h: 3_600, d: 86_400, w: 7 * 86_400 } as const;

/** A parser of spans from 1 s to `maxS` seconds; without a unit they are seconds. */
export function durationSeconds(maxS: number): (text: string) => number {
  return (text) => {
    const [, count, unit = 's'] = /^(\d{1,9})([smhdw])?$/.exec(text) ?? [];
    const seconds = Number(count) * UNITS_S[unit as keyof typeof UNITS_S];
    if (seconds >= 1 && seconds <= maxS) return seconds;
    throw new InvalidArgumentError(
      `It must be a span of time such as 90s, 30m, 8h, 7d or 2w, at most ${words(maxS)}.`,
    );
  };
}

/** In the largest unit that it is a whole number of. */
function words(seconds: number): string {
  const unit = (['w', 'd', 'h', 'm'] as const).find((candidate) => seconds % UNITS_S[candidate] === 0) ?? 's';
  return `${seconds / UNITS_S[unit]}${unit}`;
}
