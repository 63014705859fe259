/** Form bodies and queries as Stripe takes them: `line_items[0][price_data][currency]=vnd`. Knows no parameter. */

export type FormValue = string | FormMembers;
export interface FormMembers {
  readonly [name: string]: FormValue;
}

interface Building {
  [name: string]: string | Building;
}

/** Lists come as members named 0, 1, 2 or, with empty brackets, in the order they were sent. */
export function decodeForm(encoded: string): FormMembers {
  const root: Building = Object.create(null) as Building;
  for (const [name, value] of new URLSearchParams(encoded)) put(root, pathOf(name), value);
  return root;
}

function pathOf(name: string): string[] {
  const [first = '', ...rest] = name.split('[');
  return [first, ...rest.map((part) => part.replace(/\]$/, ''))];
}

function put(into: Building, path: readonly string[], value: string): void {
  let at = into;
  for (const [index, part] of path.entries()) {
    const name = part === '' ? String(Object.keys(at).length) : part;
    if (index === path.length - 1) {
      at[name] = value;
      return;
    }
    const next = at[name];
    if (typeof next === 'object') {
      at = next;
      continue;
    }
    const fresh: Building = Object.create(null) as Building;
    at[name] = fresh;
    at = fresh;
  }
}

/** The text at a path, or null. */
export function textAt(members: FormMembers, ...path: readonly string[]): string | null {
  let at: FormValue | undefined = members;
  for (const name of path) at = typeof at === 'object' ? at[name] : undefined;
  return typeof at === 'string' ? at : null;
}

/** The texts at a path, by their names; empty where there are none. */
export function textsAt(members: FormMembers, ...path: readonly string[]): Readonly<Record<string, string>> {
  let at: FormValue | undefined = members;
  for (const name of path) at = typeof at === 'object' ? at[name] : undefined;
  if (typeof at !== 'object') return {};
  return Object.fromEntries(
    Object.entries(at).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
