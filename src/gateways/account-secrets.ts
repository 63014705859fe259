/** The secrets of the platform's account as its variables tell them: the newest, and the one before it. */

/**
 * A second set stays valid while a gateway changes from one key to the next: a variable `X_PREVIOUS` beside `X`.
 * A name of the former set that did not change is taken from the newest.
 *
 * @param names  the secret's name in the account -> the variable that holds it
 */
export function secretsOf(
  values: Readonly<Record<string, string>>,
  names: Readonly<Record<string, string>>,
): readonly Readonly<Record<string, string>>[] {
  const entries = Object.entries(names);
  const newest = Object.fromEntries(entries.map(([name, variable]) => [name, values[variable] ?? '']));
  const former = entries.flatMap(([name, variable]) => {
    const value = values[`${variable}_PREVIOUS`] ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  return former.length === 0 ? [newest] : [newest, { ...newest, ...Object.fromEntries(former) }];
}
