// The reports in the data of a folder, of groups and of direct conversations, for whoever runs the server.
import type { Database, Statement } from 'bun:sqlite';
import type { ReportRecord } from '@parley/ports/report-store';
import { asReadError, checkSchema, openData } from './open-data.ts';
import { REPORT_COLUMNS, reportRecord } from './report-row.ts';

const AFTER_THE_LAST = String(2n ** 63n);

/** Each call sees what is stored at its moment. Throws a StoreError where the folder cannot be read. */
export class ReportFolder implements Disposable {
  readonly #database: Database;
  readonly #page: Statement<never, (string | number)[]>;
  readonly #name: Statement<{ name: string }, [string]>;

  constructor(directory: string) {
    this.#database = reading(() => openData(directory));
    try {
      const statements = reading(() => {
        checkSchema(this.#database);
        return {
          page: this.#database.prepare<never, (string | number)[]>(
            `SELECT ${REPORT_COLUMNS} FROM reports WHERE id < ? ORDER BY id DESC LIMIT ?`,
          ),
          name: this.#database.prepare<{ name: string }, [string]>('SELECT name FROM users WHERE id = ?'),
        };
      });
      this.#page = statements.page;
      this.#name = statements.name;
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Newest first, after (that is, older than) an id. */
  reports(after: string | undefined, limit: number): readonly ReportRecord[] {
    return reading(() => this.#page.values(after ?? AFTER_THE_LAST, limit).map(reportRecord));
  }

  /** Undefined where no such user is there. */
  nameOf(user: string): string | undefined {
    return reading(() => this.#name.get(user)?.name);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asReadError(error);
  }
}
