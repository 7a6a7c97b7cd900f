// Colours for a terminal: on only where somebody looks and NO_COLOR is not set.
import pico from 'picocolors';

export type Colors = ReturnType<typeof pico.createColors>;
export type Paint = (text: string) => string;

export function createColors(options: {
  isTerminal: boolean;
  noColor: boolean;
  term: string | undefined;
}): Colors {
  return pico.createColors(options.isTerminal && !options.noColor && options.term !== 'dumb');
}

/** The same user has the same colour everywhere. */
export function userPaint(userId: string, colors: Colors): Paint {
  const paints = [
    colors.cyan,
    colors.magenta,
    colors.yellow,
    colors.blue,
    colors.green,
    colors.redBright,
    colors.cyanBright,
    colors.magentaBright,
  ];
  let hash = 0;
  for (const char of userId) hash = (hash * 31 + char.charCodeAt(0)) % 65_521;
  return paints[hash % paints.length] ?? colors.cyan;
}
