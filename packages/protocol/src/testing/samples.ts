// A valid value for any frame schema, made from the schema itself: what tests of every frame start from.
import * as z from 'zod/mini';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

interface JsonSchema {
  readonly type?: string;
  readonly const?: JsonValue;
  readonly enum?: readonly JsonValue[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly pattern?: string;
  readonly minLength?: number;
}

/** Texts that are tried against a pattern; add one when a new pattern fits none. */
const TEXTS = ['1', 'a', 'x', 'a/a', 'a'.repeat(64), 'a'.repeat(22)];

/** Every field is there, optional ones too; lists have one element. Throws when a pattern fits none of its texts. */
export function samplesOf(schema: z.core.$ZodType): JsonValue {
  return sample(z.toJSONSchema(schema, { unrepresentable: 'any' }) as JsonSchema);
}

function sample(schema: JsonSchema): JsonValue {
  if (schema.const !== undefined) return schema.const;
  const [first] = schema.enum ?? [];
  if (first !== undefined) return first;
  const [either] = schema.anyOf ?? schema.oneOf ?? [];
  if (either !== undefined) return sample(either);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, value]) => [key, sample(value)]),
      );
    case 'array':
      return [sample(schema.items ?? {})];
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1);
    case 'string':
      return textFor(schema);
    case 'boolean':
      return true;
    default:
      return 'x';
  }
}

function textFor({ pattern = '', minLength = 1 }: JsonSchema): string {
  const found = TEXTS.map((text) => text.repeat(minLength)).find((text) =>
    new RegExp(pattern, 'u').test(text),
  );
  if (found === undefined) throw new Error(`No sample fits the pattern ${pattern}.`);
  return found;
}
