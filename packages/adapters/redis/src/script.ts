// Lua that Redis runs as one step, sent by its digest once Redis knows it.
import { createHash } from 'node:crypto';

export class Script {
  readonly text: string;
  readonly digest: string;

  constructor(text: string) {
    this.text = text;
    this.digest = createHash('sha1').update(text).digest('hex');
  }

  /** A call on the one key that it may touch: so it runs on any Cluster. */
  on(key: string, ...args: readonly (string | number)[]): Command {
    const rest = ['1', key, ...args.map(String)];
    return { key, args: ['EVALSHA', this.digest, ...rest], unknown: ['EVAL', this.text, ...rest] };
  }
}

/** One command on one key. */
export interface Command {
  readonly key: string;
  readonly args: readonly string[];
  /** What to send when Redis does not know the script. */
  readonly unknown?: readonly string[];
}

export const command = (name: string, key: string, ...args: readonly string[]): Command => ({
  key,
  args: [name, key, ...args],
});
