// Lists that a server answers page by page, read as one; a page is asked for when the one before is used up.

export type Page<Row, Key> = { rows: readonly Row[]; next?: Key | undefined };

/** Asks for one page: the first without `after`. */
export type AskPage<Row, Key> = (after: { after?: Key }) => Promise<Page<Row, Key>>;

export async function* pagesOf<Row, Key>(ask: AskPage<Row, Key>): AsyncGenerator<Row, void> {
  yield* restOf(await ask({}), ask);
}

/** The rows of a page that is there already, and of those that follow it. */
export async function* restOf<Row, Key>(
  first: Page<Row, Key>,
  ask: AskPage<Row, Key>,
): AsyncGenerator<Row, void> {
  let page = first;
  yield* page.rows;
  while (page.next !== undefined) {
    page = await ask({ after: page.next });
    yield* page.rows;
  }
}
