/** JSON lines for operators: one line an event, ids as fields, never a secret or personal data. */
import pino, { type DestinationStream, type Logger as PinoLogger } from 'pino';
import { isDatabaseUnavailable } from './database-errors.ts';

/** `logger.info({ paymentId }, 'payment.succeeded')`: fields first, then the event in the past tense. */
export type Logger = Pick<PinoLogger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'level'> & {
  child(fields: Readonly<Record<string, unknown>>): Logger;
};

/** Names of fields that never carry what a log may show, wherever they stand. */
const HIDDEN_FIELDS = new Set([
  'authorization',
  'cookie',
  'password',
  'secret',
  'client_secret',
  'clientSecret',
  'token',
  'access_token',
  'accessToken',
  'signature',
  'secureHash',
  'payer',
  'payerName',
  'payer_name',
  'identityNumber',
  'identity_number',
  'email',
  'phone',
  'body',
  'rawBody',
]);

/** @param destination  where lines go; standard output unless told */
export function createLogger(options: { readonly level: string }, destination?: DestinationStream): Logger {
  const settings = {
    level: options.level,
    base: { service: 'payments' },
    timestamp: pino.stdTimeFunctions.isoTime,
    // Hiding is done here and not by pino's list of paths, which costs more than the rest of a line.
    formatters: { level: (label: string) => ({ level: label }), bindings: hideFields, log: hideFields },
    serializers: { err: describeError, error: describeError },
  };
  // Lines that come while one is being written go out together after it; nothing waits for the terminal or the disk.
  const logger = pino(settings, destination ?? pino.destination({ dest: 1, sync: false }));
  return withHiddenFields(logger);
}

/** Pino's own way to make a child; a logger of ours has it replaced. */
const makeChild = Reflect.get<object, string>(pino({ enabled: false }), 'child') as PinoChild;
type PinoChild = (this: PinoLogger, fields: Fields) => PinoLogger;

/** Pino hides the fields of a line, but takes those of a child as they are. */
function withHiddenFields(logger: PinoLogger): Logger {
  const child = (fields: Fields) => withHiddenFields(makeChild.call(logger, hideFields(fields)));
  return Object.assign(logger, { child });
}

type Fields = Record<string, unknown>;

function hideFields(fields: Fields, depth = 0): Fields {
  const shown: Fields = {};
  for (const [name, value] of Object.entries(fields)) {
    shown[name] = HIDDEN_FIELDS.has(name) ? '[hidden]' : hideInside(value, depth + 1);
  }
  return shown;
}

function hideInside(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (value instanceof Date || 'toJSON' in value) return value;
  if (depth > 5) return '[too deep]';
  if (Array.isArray(value)) return value.map((entry) => hideInside(entry, depth + 1));
  return hideFields(value as Fields, depth);
}

/**
 * What a log may say of an error: its kind, words, code, place and cause.
 *
 * PostgreSQL's `detail`, `where` and `hint` quote values of the row, and so do not appear.
 */
export function describeError(error: unknown, depth = 0): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: 'something that is no error was thrown' };
  const { code, constraint, table } = error as { code?: unknown; constraint?: unknown; table?: unknown };
  return {
    type: error.name,
    message: withoutValues(error),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof constraint === 'string' ? { constraint } : {}),
    ...(typeof table === 'string' ? { table } : {}),
    ...(isDatabaseUnavailable(error) ? { unavailable: true } : {}),
    stack: placesOf(error),
    ...(error.cause instanceof Error && depth < 3 ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}

/** Conversion errors of PostgreSQL quote what they could not convert: `invalid input syntax for type integer: "…"`. */
function withoutValues(error: Error): string {
  const isFromDatabase = typeof (error as { severity?: unknown }).severity === 'string';
  return isFromDatabase ? error.message.replace(/"[^"]*"/g, '"…"') : error.message;
}

/** The places of the stack without its first lines, which repeat the message. */
function placesOf(error: Error): string {
  const lines = (error.stack ?? '').split('\n');
  return lines.filter((line) => /^\s+at /.test(line)).join('\n');
}
