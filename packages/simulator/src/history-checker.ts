// Keeps what every app did and saw, and checks it: against itself as it happens, against the log when all is quiet.
import type { AppEntry, ClientEvent } from '@parley/client';
import type { MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { Seq } from '@parley/protocol/ids';
import { fingerprintOfWire } from './fingerprint.ts';
import type { AppWatcher, Installation } from './installation.ts';
import { LogFolds } from './log-fold.ts';
import { Operations } from './operations.ts';
import type { Trace } from './trace.ts';
import { Violations } from './violations.ts';
import { WireChecker } from './wire-checker.ts';

export class HistoryChecker implements AppWatcher {
  readonly world: MemoryWorld;
  readonly trace: Trace;
  readonly violations: Violations;
  readonly operations = new Operations();
  readonly wire: WireChecker;
  readonly folds: LogFolds;
  readonly installations: Installation[] = [];
  readonly #marks = new Map<string, Seq>();
  shownCount = 0;

  constructor(parts: { world: MemoryWorld; trace: Trace }) {
    const { world, trace } = parts;
    this.world = world;
    this.trace = trace;
    this.violations = new Violations(trace);
    this.folds = new LogFolds(world);
    const { folds, violations } = this;
    const installationOf = (device: string) => this.#installationOf(device);
    this.wire = new WireChecker({ world, folds, trace, violations, installationOf });
  }

  shown(installation: Installation, entry: AppEntry): void {
    const { conversation_id: conversation, seq } = entry;
    this.shownCount += 1;
    this.trace.note(`${installation.name} is shown "${conversation}" ${seq}`);
    const fingerprint = fingerprintOfWire(entry);
    this.wire.see(conversation, seq, fingerprint, `in the app ${installation.name}`);
    this.#take(installation, conversation, { from: entry.from ?? seq, to: seq, fingerprint });
  }

  told(installation: Installation, event: ClientEvent): void {
    switch (event.kind) {
      case 'missing': {
        const { conversation_id: conversation, from, to } = event;
        this.trace.note(`${installation.name} is told that "${conversation}" ${from} to ${to} is missing`);
        return this.#take(installation, conversation, { from, to, fingerprint: 'missing' });
      }
      case 'error':
        this.trace.note(`${installation.name} is told of an error: ${event.error.message}`);
        return this.#refused(installation, event);
      case 'connection': {
        const { state } = event;
        this.trace.note(
          `${installation.name} is ${state.kind}${state.kind === 'waiting' ? ` after ${state.code}` : ''}`,
        );
        if (state.kind !== 'closed' || state.reason.kind !== 'stop') return;
        return this.violations.add(
          'unexpected',
          `${installation.name} was told to stop: ${state.reason.error.message}`,
        );
      }
      case 'queue_empty':
      case 'removed':
      case 'draining':
      case 'delayed':
      case 'standing':
      case 'receipts':
      case 'typing':
      case 'presence':
      case 'hidden':
      case 'settings':
      case 'blocked':
        return this.trace.note(`${installation.name} is told ${event.kind}`);
    }
  }

  died(installation: Installation): void {
    for (const operation of this.operations.all) {
      if (operation.installation === installation && operation.ended.kind === 'open') {
        this.operations.end(operation, { kind: 'unknown' });
      }
    }
  }

  /** [INV 12] To be called again and again: what the server keeps of each device never moves back or ahead. */
  sampleMarks(): void {
    for (const key of this.#marks.keys()) this.#kept(key);
    for (const [key, marks] of this.world.state.marks) {
      const [user = '', device = ''] = key.split(' ');
      for (const [conversation, seq] of marks) this.#mark({ user, device, conversation, seq });
    }
  }

  /** A mark that is not there any more has moved back as well. */
  #kept(key: string): void {
    const [owner = '', conversation = ''] = key.split('/');
    const rows = this.world.state.marks.get(owner);
    if ([...(rows?.keys() ?? [])].some((id) => id === conversation)) return;
    this.#marks.delete(key);
    this.violations.add('INV 12', `the mark of ${owner} in ${conversation} is gone`, [`"${conversation}"`]);
  }

  #mark({
    user,
    device,
    conversation,
    seq,
  }: {
    user: string;
    device: string;
    conversation: string;
    seq: Seq;
  }): void {
    const key = `${user} ${device}/${conversation}`;
    const before = this.#marks.get(key) ?? 0;
    if (seq === before) return;
    this.#marks.set(key, seq);
    const words = [`"${conversation}"`];
    const what = `the mark of device ${device} in ${conversation} is ${seq}`;
    if (seq < before) this.violations.add('INV 12', `${what} and was ${before}`, words);
    const fold = this.folds.of(conversation);
    const stay = fold.lastStay(user);
    if (stay === undefined)
      return this.violations.add('INV 12', `${what}, of one who never was a member`, words);
    if (seq > fold.head) this.violations.add('INV 12', `${what}, beyond the head ${fold.head}`, words);
    const covered = Math.max(
      stay.visibleAfter,
      this.#installationOf(device)?.views.get(conversation)?.coveredTo ?? 0,
    );
    if (seq > covered) this.violations.add('INV 12', `${what}, and its app has ${covered}`, words);
  }

  #take(
    installation: Installation,
    conversation: string,
    item: { from: Seq; to: Seq; fingerprint: string },
  ): void {
    const visibleAfter = this.folds.of(conversation).lastStay(installation.user.id ?? '')?.visibleAfter ?? 0;
    const wrong = installation.view(conversation).take({ ...item, visibleAfter });
    if (wrong === undefined) return;
    const words = [installation.name, `"${conversation}"`];
    this.violations.add('INV 4', `${installation.name}, conversation ${conversation}: ${wrong}`, words);
  }

  /** A send of an earlier life that was refused: nobody waits for it, so it comes as an event. */
  #refused(installation: Installation, event: Extract<ClientEvent, { kind: 'error' }>): void {
    if (event.client_msg_id === undefined) return;
    for (const operation of this.operations.byId(installation.user.name, event.client_msg_id)) {
      if (operation.installation !== installation || operation.kind !== 'send') continue;
      this.operations.end(operation, { kind: 'refused', code: event.error.message });
    }
  }

  #installationOf(device: string): Installation | undefined {
    return this.installations.find((installation) => installation.devices.has(device));
  }
}
