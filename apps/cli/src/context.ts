// What every command is given: where it writes, what it reads, who is signed in, and how errors are to look.
import type { Colors } from './colors.ts';
import type { Environment } from './env.ts';
import type { Output } from './output.ts';
import type { ProfileStore } from './profile-store.ts';

export interface CliContext {
  readonly environment: Environment;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Colours for standard output. */
  readonly colors: Colors;
  readonly profiles: ProfileStore;
  /** --json was given: one JSON object a line, also for errors. */
  readonly json: boolean;
  /** For a command that did its work and found something wrong with some of it. */
  readonly setExitCode: (code: 0 | 1) => void;
}
