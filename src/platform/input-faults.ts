/** What is wrong with input, in our words: every fault with a JSON pointer, and never what was sent. */
import type { z } from 'zod';

export interface PointedFault {
  readonly pointer: string;
  readonly detail: string;
}

/** A JSON pointer (RFC 6901) to a member; the whole document is the empty text. Long names are cut. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path
    .map((step) => `/${String(step).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** Input held against a schema: its value, or every fault. */
export function readInput<T>(
  schema: z.ZodType<T>,
  input: unknown,
): { readonly value: T } | { readonly faults: readonly PointedFault[] } {
  const result = schema.safeParse(input, { error: wording });
  return result.success ? { value: result.data } : { faults: faultsOf(result.error.issues, []) };
}

/** Our words for zod's issues; a message given in a schema wins. */
const wording: z.core.$ZodErrorMap = (issue) => {
  if (issue.input === undefined && issue.code !== 'custom') return 'is required';
  if (issue.code === 'invalid_type') return `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small') {
    const isEmpty = issue.minimum === 1 && issue.origin in UNITS;
    return isEmpty ? 'must not be empty' : `must be at least ${boundOf(issue.origin, issue.minimum)}`;
  }
  if (issue.code === 'too_big') return `must be at most ${boundOf(issue.origin, issue.maximum)}`;
  if (issue.code === 'invalid_value') return `must be one of: ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_format') {
    return issue.pattern === undefined
      ? `is not of the form ${issue.format}`
      : `does not match ${issue.pattern}`;
  }
  return undefined;
};

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  // JSON numbers are whole here: `strict-json.ts`.
  number: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  record: 'an object',
};

const UNITS: Readonly<Record<string, string>> = { string: ' characters long', array: ' items long' };

function boundOf(origin: string, bound: number | bigint): string {
  return `${String(bound)}${UNITS[origin] ?? ''}`;
}

function faultsOf(issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[]): PointedFault[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    const pointer = jsonPointer(path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        pointer: jsonPointer([...path, key]),
        detail: 'is not a known field',
      }));
    }
    if (issue.code === 'invalid_key') {
      return issue.issues.map(({ message }) => ({ pointer, detail: `has a name that ${message}` }));
    }
    if (issue.code === 'invalid_union') return unionFaults(issue.errors, path);
    return [{ pointer, detail: issue.message }];
  });
}

type Branch = readonly z.core.$ZodIssue[];

/** The faults of the branch that came nearest to fitting; where none is of the right type, all types that would do. */
function unionFaults(branches: readonly Branch[], path: readonly PropertyKey[]): PointedFault[] {
  const ofRightType = branches.filter((branch) => !branch.some(isOfWrongType));
  const [nearest] = [...ofRightType].sort((left, right) => left.length - right.length);
  if (nearest) return faultsOf(nearest, path);
  const wanted = branches.flatMap(
    (branch) => branch.find(isOfWrongType)?.message.slice('must be '.length) ?? [],
  );
  return [{ pointer: jsonPointer(path), detail: `must be ${wanted.join(', or ')}` }];
}

function isOfWrongType(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}
