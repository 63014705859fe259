/**
 * What a merchant account must hold before an adapter is given it.
 *
 * The platform's own account, made of the gateway's variables, is the pattern: an agency's account has the same names.
 */
import type { EnabledGateway, MerchantAccount } from './gateway-adapter.ts';

const SHORTEST_SECRET = 6;
const PRINTABLE = /^[\x20-\x7e]+$/;
/** Keys in PEM have lines. */
const PRINTABLE_LINES = /^[\x20-\x7e\r\n]+$/;

/** Every reason why the gateway could not work with the account, in sentences that name no secret. */
export function accountFaults(
  { adapter, platformAccount, accountFaults: own }: EnabledGateway,
  account: Pick<MerchantAccount, 'merchantId' | 'secrets' | 'settings'>,
): readonly string[] {
  const [pattern = {}] = platformAccount.secrets;
  const faults = [
    ...idFaults(account.merchantId),
    ...namesFaults('secret', Object.keys(pattern), account.secrets[0] ?? {}, adapter.code),
    ...namesFaults('setting', Object.keys(platformAccount.settings), account.settings, adapter.code),
    ...account.secrets.flatMap((secrets) => secretFaults(secrets, account.merchantId)),
  ];
  return faults.length > 0 ? faults : (own?.(account) ?? []);
}

function idFaults(merchantId: string): string[] {
  if (merchantId.length > 100) return ['The merchant id is longer than 100 characters.'];
  return /^[\x21-\x7e]+$/.test(merchantId)
    ? []
    : ['The merchant id is empty, or has spaces or characters that are not ASCII.'];
}

function namesFaults(
  what: 'secret' | 'setting',
  needed: readonly string[],
  given: Readonly<Record<string, string>>,
  gateway: string,
): string[] {
  const names = Object.keys(given);
  const list = needed.length === 0 ? 'none' : needed.join(', ');
  return [
    ...needed
      .filter((name) => (given[name] ?? '').trim() === '')
      .map((name) => `The ${what} "${name}" is missing: gateway ${gateway} needs ${list}.`),
    ...names
      .filter((name) => !needed.includes(name))
      .map((name) => `There is no ${what} "${name}" at gateway ${gateway}: it has ${list}.`),
    ...(what === 'setting' ? names : [])
      .filter((name) => !PRINTABLE.test(given[name] ?? '') && (given[name] ?? '') !== '')
      .map((name) => `The setting "${name}" has characters that are not printable ASCII.`),
  ];
}

function secretFaults(secrets: Readonly<Record<string, string>>, merchantId: string): string[] {
  return Object.entries(secrets).flatMap(([name, value]) => {
    if (value.trim() === '') return [];
    if (value !== value.trim()) return [`The secret "${name}" begins or ends with a space or an empty line.`];
    if (!PRINTABLE_LINES.test(value))
      return [`The secret "${name}" has characters that are not printable ASCII.`];
    if (value.length < SHORTEST_SECRET) return [`The secret "${name}" is too short to be one.`];
    return value === merchantId ? [`The secret "${name}" is the merchant id.`] : [];
  });
}
