// What pages of rows share: how many are asked for.
import * as z from 'zod/mini';
import { PAGE_ROWS_MAX_COUNT } from './limits.ts';

/** Rows in one answer; the server's most where absent. */
export const pageLimitSchema = z.optional(z.int().check(z.gte(1), z.lte(PAGE_ROWS_MAX_COUNT)));
