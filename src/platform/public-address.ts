/** Which addresses of the internet an outbound message may go to, when a stranger names them. */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import ipaddr from 'ipaddr.js';

/** All addresses of a name. Tests give their own. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export const resolveBySystem: Resolve = (hostname) => promisify(systemLookup)(hostname, { all: true });

export interface AddressRules {
  /** `host:port` of receivers that may lie inside our network and speak plain HTTP. */
  readonly allowHosts?: readonly string[];
  readonly resolve?: Resolve;
}

const NOT_ALLOWED = 'URL_NOT_ALLOWED';

/** The error of an address that may not be called; its message says why, for the one who gave the URL. */
export function notAllowed(why: string): Error {
  return Object.assign(new Error(why), { code: NOT_ALLOWED });
}

export function isUrlNotAllowed(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: unknown }).code === NOT_ALLOWED) return true;
  }
  return false;
}

/**
 * The URL, when a message may be sent there today: https, port 443, no user name, and every address of its name public.
 *
 * Refuses with an error that {@link isUrlNotAllowed} knows. The answer holds for now only: names can be pointed
 * elsewhere, so the connection checks again.
 */
export async function assertPublicUrl(text: string, rules: AddressRules = {}): Promise<URL> {
  const url = readUrl(text, rules);
  if (isAllowListed(url, rules)) return url;
  const host = bareHost(url);
  if (isIP(host) === 0) await resolvePublic(host, rules.resolve ?? resolveBySystem);
  return url;
}

/** The URL, when its form is allowed; names are not resolved. The browser's rules turn `0x7f.1` into 127.0.0.1 first. */
export function readUrl(text: string, rules: AddressRules = {}): URL {
  if (!URL.canParse(text)) throw notAllowed('It is not a URL.');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw notAllowed('A URL must not carry a user name or password.');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw notAllowed('Only https URLs are allowed.');
  if (isAllowListed(url, rules)) return url;
  if (url.protocol !== 'https:') throw notAllowed('Only https URLs are allowed.');
  if (url.port !== '') throw notAllowed('Only port 443 is allowed.');
  const host = bareHost(url);
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw notAllowed('The address is not a public one.');
  return url;
}

/** The addresses of a name, when all of them are public: one that is not spoils the name. */
export async function resolvePublic(hostname: string, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const addresses = await resolve(hostname).catch((error: unknown) => {
    throw Object.assign(new Error(`The name ${hostname} could not be resolved.`, { cause: error }), {
      code: 'ENOTFOUND',
    });
  });
  if (addresses.length === 0) throw notAllowed('The name has no address.');
  if (!addresses.every(({ address }) => isPublicAddress(address))) {
    throw notAllowed('The name leads to an address that is not a public one.');
  }
  return addresses;
}

/**
 * Whether an address belongs to the open internet.
 *
 * Only ordinary unicast counts. IPv6 must lie in 2000::/3, which leaves out the forms that wrap an IPv4
 * address (mapped, compatible, NAT64); 6to4 and Teredo, which do so inside, have ranges of their own.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(ipaddr.parseCIDR('2000::/3'));
}

export function isAllowListed(url: URL, rules: AddressRules): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return rules.allowHosts?.includes(`${url.hostname}:${port}`) ?? false;
}

/** The host without the brackets that a URL puts around an IPv6 address. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
