// Reports in memory.
import type { ReportRecord, ReportStore } from '@parley/ports/report-store';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import { compareIds } from './id-order.ts';
import { type DecideFault, MemoryHandle } from './memory-handle.ts';
import type { MemoryWorld, WorldState } from './memory-world.ts';

export class MemoryReportStore implements ReportStore {
  readonly #handle: MemoryHandle;

  constructor(world: MemoryWorld, fault?: DecideFault) {
    this.#handle = new MemoryHandle({ world, store: 'reports', fault });
  }

  add(report: ReportRecord): Promise<ReportRecord> {
    return this.#handle.call({ method: 'add' }, (state) => {
      const there = findIn(state, report.reporter, report.clientMsgId);
      if (there !== undefined) return there;
      state.reports.set(report.id, report);
      return report;
    });
  }

  find(reporter: UserId, clientMsgId: ClientMsgId): Promise<ReportRecord | undefined> {
    return this.#handle.call({ method: 'find' }, (state) => findIn(state, reporter, clientMsgId));
  }

  reports(
    conversation: ConversationId,
    after: string | undefined,
    limit: number,
  ): Promise<readonly ReportRecord[]> {
    return this.#handle.call({ method: 'reports' }, (state) => {
      return [...state.reports.values()]
        .filter((report) => report.conversation === conversation)
        .filter((report) => after === undefined || compareIds(report.id, after) < 0)
        .sort((one, other) => compareIds(other.id, one.id))
        .slice(0, limit);
    });
  }

  close(
    conversation: ConversationId,
    id: string,
    closed: { readonly by: UserId; readonly at: number },
  ): Promise<boolean> {
    return this.#handle.call({ method: 'close' }, (state) => {
      const report = state.reports.get(id);
      if (report?.conversation !== conversation) return false;
      if (report.closed === undefined) state.reports.set(id, { ...report, closed });
      return true;
    });
  }

  /** As MemoryMessageStore's. */
  crash(): void {
    this.#handle.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

function findIn(state: WorldState, reporter: UserId, clientMsgId: ClientMsgId): ReportRecord | undefined {
  return [...state.reports.values()].find(
    (report) => report.reporter === reporter && report.clientMsgId === clientMsgId,
  );
}
