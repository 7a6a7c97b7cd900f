// What strace wrote (-f -y), as calls in the order in which they began; those of other threads may lie in between.

export interface SystemCall {
  readonly name: string;
  /** What the first argument, a file descriptor, stands for: a path, or TCP:[…]. */
  readonly file: string;
  /** The arguments as strace shows them. */
  readonly data: string;
  /** Line numbers of where it began and where it returned. */
  readonly begins: number;
  ends: number;
  result: string;
}

/** Shows file descriptors by name, whole pages, and only what writes, syncs or sends. */
export const STRACE = [
  'strace',
  // The server stays the child of whoever starts it, and strace ends with it.
  '-D',
  '-f',
  '-y',
  '-yy',
  '-s',
  '5000',
  '-e',
  'trace=fdatasync,fsync,pwrite64,pwritev,write,writev,sendto,sendmsg',
  '-o',
] as const;

export function readTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, SystemCall>();
  text.split('\n').forEach((line, number) => {
    const resumed = /^(\d+) +<\.\.\. (\w+) resumed>.*\) += (-?\d+)/.exec(line);
    if (resumed !== null) {
      const call = unfinished.get(resumed[1] ?? '');
      if (call === undefined) return;
      call.ends = number;
      call.result = resumed[3] ?? '';
      return;
    }
    const begun = /^(\d+) +(\w+)\(\d+<([^>]*)>?(.*)$/.exec(line);
    if (begun === null) return;
    const [, thread = '', name = '', file = '', data = ''] = begun;
    const result = /\) += (-?\d+)/.exec(data.slice(-60))?.[1];
    const call = {
      name,
      file,
      data,
      begins: number,
      ends: result === undefined ? Infinity : number,
      result: result ?? '',
    };
    calls.push(call);
    if (result === undefined) unfinished.set(thread, call);
  });
  return calls;
}
