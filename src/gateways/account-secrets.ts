/** The secrets of a merchant account: made of the platform's variables, and found again by their names. */
import type { MerchantAccount } from './gateway-adapter.ts';

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

/** Every secret of that name which the account has, the newest first: a message under any of them is genuine. */
export function secretsNamed({ secrets }: MerchantAccount, name: string): string[] {
  return secrets.map((secret) => secret[name] ?? '').filter((secret) => secret !== '');
}

/** The secret we sign with; `what` names it to people where there is none. */
export function newestSecret(account: MerchantAccount, name: string, what: string): string {
  const [newest] = secretsNamed(account, name);
  if (newest === undefined) throw new Error(`Merchant account ${account.code} has no ${what}.`);
  return newest;
}
