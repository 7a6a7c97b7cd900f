// Text that every store and client reads back as it was written: half of a surrogate pair has no UTF-8.
import * as z from 'zod/mini';

export const wellFormed = z.refine<string>((text) => text.isWellFormed(), 'no lone surrogates');
