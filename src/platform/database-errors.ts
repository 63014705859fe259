/** Tells a database that cannot serve just now from a statement that is wrong. */

// SQLSTATE classes and codes that say "not now": https://www.postgresql.org/docs/18/errcodes-appendix.html
// 08 connection, 28 our role is not let in (a password changed before we heard of it), 53 resources.
const UNAVAILABLE_CLASSES = ['08', '28', '53'];
const UNAVAILABLE_STATES = new Set([
  '25006', // read only: we reached a standby, a failover is under way
  '25P03', // idle in transaction for too long
  '40001', // serialization failure that outlived its retries
  '40P01', // deadlock that outlived its retries
  '55P03', // lock not available in time
  '57014', // statement timeout
  '57P01', // administrator shut the server down
  '57P02', // crash of another server process
  '57P03', // server is starting or stopping
  '58030', // input or output error
]);
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);
const DRIVER_MESSAGES = [
  'Connection terminated',
  'Connection ended unexpectedly',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Unable to acquire a connection',
];

/** Whether an error means that the database cannot serve now and the same request may succeed later: a 503. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'KnexTimeoutError') return true;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') {
    if (NETWORK_CODES.has(code) || UNAVAILABLE_STATES.has(code)) return true;
    if (/^[0-9A-Z]{5}$/.test(code)) return UNAVAILABLE_CLASSES.includes(code.slice(0, 2));
  }
  return DRIVER_MESSAGES.some((text) => error.message.includes(text));
}
