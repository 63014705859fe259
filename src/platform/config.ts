/** The environment decoded into one frozen Config; every fault is told at once. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { GATEWAY_VARIABLES, type GatewayVariableNames } from './gateway-variables.ts';
import { generatedSecrets, type GeneratedSecrets } from './generated-secrets.ts';
import { Secret } from './secret.ts';

/** How the service runs: `embedded` brings its own PostgreSQL and is for trying out and developing. */
export type Mode = 'embedded' | 'development' | 'production';

/** A 32-byte key and the name under which what it sealed or signed remembers it. */
export interface NamedKey {
  readonly id: string;
  /** Base64 of 32 bytes. */
  readonly key: Secret;
}

export interface Config {
  readonly mode: Mode;
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Without a slash at its end. */
    readonly publicUrl: string;
    /** How many proxies in front of us may tell the visitor's address. */
    readonly trustedProxies: number;
    readonly bodyLimitBytes: number;
    readonly shutdownTimeoutMs: number;
    /** How long a stopping process goes on taking requests that are on their way to it. */
    readonly shutdownDrainMs: number;
  };
  readonly database: {
    /** Null in embedded mode: the addresses come with the server that is started. */
    readonly urls: { readonly app: Secret; readonly owner: Secret } | null;
    /** True when the service runs as the owner of its tables, so that append-only rests on triggers alone. */
    readonly hasOneRole: boolean;
    readonly poolMax: number;
    readonly hotPoolMax: number;
    readonly statementTimeoutMs: number;
  };
  readonly secrets: {
    /** The key that seals secrets in the database now. */
    readonly current: NamedKey;
    /** Further keys that can open: those before it, or the one that comes next. */
    readonly previous: readonly NamedKey[];
    /** Keys of pay tokens, newest first; tokens are made with the first and checked with all. */
    readonly linkKeys: readonly NamedKey[];
  };
  readonly businessTimeZone: string;
  /** Whole calendar years for which persons' data stays with an order after the one in which it ended. */
  readonly personalDataRetentionYears: number;
  /** What pages tell of who runs the service and whom to call. */
  readonly site: {
    readonly operatorNameVi: string;
    readonly operatorNameEn: string;
    readonly supportPhone: string;
    readonly supportHours: string;
    /** Where faults of security are reported: a `mailto:` or `https:` address. */
    readonly securityContact: string;
  };
  readonly log: { readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent' };
  /** Null where there is no pretend bank. */
  readonly sandbox: {
    readonly merchantId: string;
    readonly secret: Secret;
    /** Gateways whose other party is played by a stand-in here. */
    readonly standIns: readonly string[];
  } | null;
  readonly limits: {
    readonly tokenRequestsPerMinute: number;
    readonly apiRequestsPerMinute: number;
    readonly publicLookupsPerMinute: number;
  };
  readonly webhooks: {
    readonly timeoutMs: number;
    /** `host:port` of receivers that may lie inside our network or speak plain HTTP. */
    readonly allowedHosts: readonly string[];
  };
  readonly gateways: {
    readonly timeoutMs: number;
    /** Questions about silent payments in a second, to one gateway, of all processes. */
    readonly queriesPerSecond: number;
    /** The variables of each gateway that is switched on, by its code; the registry says what is missing. */
    readonly enabled: Readonly<Record<string, Readonly<Record<string, string | Secret>>>>;
  };
  /** Holds the embedded server's data, generated secrets and the lock of this folder. */
  readonly dataDir: string;
  /** Sentences the operator should read at start. */
  readonly warnings: readonly string[];
}

/** A configuration that cannot be used; its message lists every fault. */
export function configFault(faults: readonly string[]): Error {
  return new Error(`The configuration cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Decodes the environment.
 *
 * @param files  `dataDir` is where generated secrets are kept when DATA_DIR does not say otherwise
 * Refuses, listing every fault, what cannot be used; production refuses generated secrets, the embedded
 * database, the sandbox, an address without TLS and a single database role.
 */
export function readConfig(env: Environment, files: { readonly dataDir: string }): Config {
  const faults: string[] = [];
  const variables = decode(env, faults);
  if (!variables) throw configFault(faults);
  const isProduction = variables.NODE_ENV === 'production';
  const isEmbedded = variables.DATABASE_URL === undefined;
  if (isProduction) faults.push(...productionFaults(variables));
  if (isEmbedded && variables.DATABASE_OWNER_URL !== undefined) {
    faults.push('DATABASE_URL is missing although DATABASE_OWNER_URL is set: set both, or neither.');
  }
  if (faults.length > 0) throw configFault(faults);

  const dataDir = resolve(variables.DATA_DIR ?? files.dataDir);
  const warnings: string[] = [];
  const isGenerating = variables.SECRETS_KEY === undefined || variables.LINK_KEYS === undefined;
  const generated = isGenerating ? generatedSecrets(join(dataDir, 'secrets.json')) : null;
  if (generated && !isEmbedded) {
    warnings.push(
      `SECRETS_KEY or LINK_KEYS is not set: keys were generated into ${dataDir}; keep that folder.`,
    );
  }
  const hasOneRole = !isEmbedded && variables.DATABASE_OWNER_URL === undefined;
  if (hasOneRole) {
    warnings.push('DATABASE_OWNER_URL is not set: that the books are append-only rests on triggers alone.');
  }
  return deepFreeze({
    mode: isProduction ? 'production' : isEmbedded ? 'embedded' : 'development',
    http: {
      host: variables.HOST ?? '127.0.0.1',
      port: variables.PORT,
      publicUrl: publicUrlOf(variables),
      trustedProxies: variables.TRUSTED_PROXIES,
      bodyLimitBytes: 256 * 1024,
      shutdownTimeoutMs: variables.SHUTDOWN_TIMEOUT_MS,
      shutdownDrainMs: variables.SHUTDOWN_DRAIN_MS,
    },
    database: {
      urls: databaseUrls(variables),
      hasOneRole,
      poolMax: variables.DATABASE_POOL_MAX,
      hotPoolMax: variables.DATABASE_HOT_POOL_MAX,
      statementTimeoutMs: variables.DATABASE_STATEMENT_TIMEOUT_MS,
    },
    secrets: keysOf(variables, generated),
    businessTimeZone: variables.BUSINESS_TIME_ZONE,
    personalDataRetentionYears: variables.PERSONAL_DATA_RETENTION_YEARS,
    site: {
      operatorNameVi: variables.OPERATOR_NAME_VI,
      operatorNameEn: variables.OPERATOR_NAME_EN,
      supportPhone: variables.SUPPORT_PHONE,
      supportHours: variables.SUPPORT_HOURS,
      securityContact: variables.SECURITY_CONTACT,
    },
    log: { level: variables.LOG_LEVEL },
    sandbox: sandboxOf(variables, generated),
    limits: {
      tokenRequestsPerMinute: variables.LIMIT_TOKEN_REQUESTS_PER_MINUTE,
      apiRequestsPerMinute: variables.LIMIT_API_REQUESTS_PER_MINUTE,
      publicLookupsPerMinute: variables.LIMIT_PUBLIC_LOOKUPS_PER_MINUTE,
    },
    webhooks: {
      timeoutMs: variables.WEBHOOK_TIMEOUT_MS,
      allowedHosts: allowedHosts(variables, isProduction),
    },
    gateways: {
      timeoutMs: variables.GATEWAY_TIMEOUT_MS,
      queriesPerSecond: variables.GATEWAY_QUERIES_PER_SECOND,
      enabled: enabledGateways(variables),
    },
    dataDir,
    warnings,
  });
}

const keyText = z
  .string()
  .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be the base64 of 32 bytes')
  .transform((text) => new Secret(text));

const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must be an address that begins with postgres://')
  .transform((text) => new Secret(text));

const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');

/** `2026a:BASE64,2025b:BASE64`: names of one to eight characters, newest first. */
const namedKeys = z.string().transform((text, context): NamedKey[] =>
  text.split(',').flatMap((entry) => {
    const match = /^([A-Za-z0-9]{1,8}):(.+)$/.exec(entry.trim());
    if (!match || Buffer.from(match[2] ?? '', 'base64').length !== 32) {
      context.addIssue('must be a list like name:key,name:key, each key the base64 of 32 bytes');
      return [];
    }
    return [{ id: match[1] ?? '', key: new Secret(match[2] ?? '') }];
  }),
);

function whole(from: number, to: number, fallback: number) {
  const words = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d+$/, words)
    .transform(Number)
    .refine((n) => n >= from && n <= to, words)
    .default(fallback);
}

const GATEWAYS: readonly [string, GatewayVariableNames][] = Object.entries(GATEWAY_VARIABLES);

/** `VNPAY_ENABLED` for the gateway `vnpay`. */
function switchOf(code: string): string {
  return `${code.toUpperCase()}_ENABLED`;
}

/** A row of the table: its switch, its plain variables, its secrets and those before them. */
function gatewayShape(): Record<string, z.ZodType<boolean | string | Secret | undefined>> {
  const secret = z
    .string()
    .transform((text) => new Secret(text))
    .optional();
  return Object.fromEntries(
    GATEWAYS.flatMap(([code, names]) => [
      [switchOf(code), flag.optional()],
      ...names.plain.map((name) => [name, z.string().optional()]),
      ...names.secret.flatMap((name) => [name, `${name}_PREVIOUS`]).map((name) => [name, secret]),
    ]),
  ) as Record<string, z.ZodType<boolean | string | Secret | undefined>>;
}

const GATEWAY_VALUES = z.object(gatewayShape());

const VARIABLES = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: whole(0, 65_535, 3000),
  HOST: z.string().optional(),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address like https://pay.example.gov.vn' })
    .optional(),
  TRUSTED_PROXIES: whole(0, 10, 0),
  SHUTDOWN_TIMEOUT_MS: whole(0, 300_000, 10_000),
  SHUTDOWN_DRAIN_MS: whole(0, 60_000, 500),
  DATA_DIR: z.string().optional(),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_OWNER_URL: databaseUrl.optional(),
  DATABASE_POOL_MAX: whole(1, 500, 10),
  DATABASE_HOT_POOL_MAX: whole(1, 100, 3),
  DATABASE_STATEMENT_TIMEOUT_MS: whole(100, 600_000, 5_000),
  SECRETS_KEY: keyText.optional(),
  SECRETS_KEY_PREVIOUS: z
    .string()
    .transform((text) => text.split(',').map((one) => one.trim()))
    .pipe(z.array(keyText))
    .optional(),
  LINK_KEYS: namedKeys.optional(),
  BUSINESS_TIME_ZONE: z
    .string()
    .refine(isTimeZone, 'must be a time zone like Asia/Ho_Chi_Minh')
    .default('Asia/Ho_Chi_Minh'),
  PERSONAL_DATA_RETENTION_YEARS: whole(1, 100, 10),
  OPERATOR_NAME_VI: z.string().default('Cổng Dịch vụ công quốc gia'),
  OPERATOR_NAME_EN: z.string().default('National Public Service Portal'),
  SUPPORT_PHONE: z.string().default('1800 0000'),
  SUPPORT_HOURS: z.string().default('24/7'),
  SECURITY_CONTACT: z
    .string()
    .regex(/^(mailto:|https:\/\/)/, 'must begin with mailto: or https://')
    .default('mailto:security@example.vn'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SANDBOX_ENABLED: flag.optional(),
  SANDBOX_MERCHANT_ID: z.string().optional(),
  SANDBOX_SECRET: z
    .string()
    .min(16, 'must have at least 16 characters')
    .transform((text) => new Secret(text))
    .optional(),
  SANDBOX_GATEWAYS: z
    .string()
    .transform((text) =>
      text === 'none' ? [] : text === 'all' ? Object.keys(GATEWAY_VARIABLES) : text.split(','),
    )
    .refine(
      (codes) => codes.every((code) => code in GATEWAY_VARIABLES),
      `must be all, none, or a list of ${Object.keys(GATEWAY_VARIABLES).join(', ')}`,
    )
    .optional(),
  LIMIT_TOKEN_REQUESTS_PER_MINUTE: whole(1, 1_000_000, 60),
  LIMIT_API_REQUESTS_PER_MINUTE: whole(1, 10_000_000, 6_000),
  LIMIT_PUBLIC_LOOKUPS_PER_MINUTE: whole(1, 1_000_000, 30),
  WEBHOOK_TIMEOUT_MS: whole(100, 60_000, 10_000),
  WEBHOOK_ALLOWED_HOSTS: z.string().optional(),
  GATEWAY_TIMEOUT_MS: whole(100, 60_000, 10_000),
  GATEWAY_QUERIES_PER_SECOND: whole(2, 1_000_000, 5),
});

type Variables = z.infer<typeof VARIABLES> & {
  readonly gateways: Readonly<Record<string, boolean | string | Secret | undefined>>;
};

/** The names of all variables the service reads, for the comparison with .env.example. */
export const VARIABLE_NAMES: readonly string[] = [
  ...Object.keys(VARIABLES.shape),
  ...Object.keys(GATEWAY_VALUES.shape),
];

function decode(env: Environment, faults: string[]): Variables | null {
  // A variable set to nothing counts as not set: that is how many tools unset one.
  const given = Object.fromEntries(
    VARIABLE_NAMES.map((name) => [name, env[name] === '' ? undefined : env[name]]),
  );
  const decoded = VARIABLES.safeParse(given);
  const gateways = GATEWAY_VALUES.safeParse(given);
  if (decoded.success && gateways.success) return { ...decoded.data, gateways: gateways.data };
  for (const issue of [...(decoded.error?.issues ?? []), ...(gateways.error?.issues ?? [])]) {
    const name = String(issue.path[0]);
    const words =
      issue.code === 'invalid_value' ? `must be one of ${issue.values.join(', ')}` : issue.message;
    faults.push(`${name} ${words}.`);
  }
  return null;
}

function productionFaults(variables: Variables): string[] {
  const because = 'because NODE_ENV=production';
  const isNotTls = variables.PUBLIC_URL !== undefined && !variables.PUBLIC_URL.startsWith('https://');
  return [
    variables.DATABASE_URL
      ? ''
      : `DATABASE_URL is missing ${because}: the embedded database is for trying out.`,
    variables.DATABASE_OWNER_URL
      ? ''
      : `DATABASE_OWNER_URL is missing ${because}: it owns and migrates the tables.`,
    variables.SECRETS_KEY ? '' : `SECRETS_KEY is missing ${because}: secrets are not generated there.`,
    variables.LINK_KEYS ? '' : `LINK_KEYS is missing ${because}: secrets are not generated there.`,
    variables.PUBLIC_URL ? '' : `PUBLIC_URL is missing ${because}.`,
    variables.HOST ? '' : `HOST is missing ${because}.`,
    isNotTls ? `PUBLIC_URL must begin with https:// ${because}.` : '',
    variables.SANDBOX_ENABLED ? `SANDBOX_ENABLED must not be true ${because}.` : '',
    variables.SANDBOX_MERCHANT_ID ? `SANDBOX_MERCHANT_ID must not be set ${because}.` : '',
    variables.SANDBOX_SECRET ? `SANDBOX_SECRET must not be set ${because}.` : '',
    variables.SANDBOX_GATEWAYS ? `SANDBOX_GATEWAYS must not be set ${because}.` : '',
    variables.WEBHOOK_ALLOWED_HOSTS ? `WEBHOOK_ALLOWED_HOSTS must not be set ${because}.` : '',
    sameText(variables.DATABASE_URL, variables.DATABASE_OWNER_URL)
      ? `DATABASE_OWNER_URL must name another role than DATABASE_URL ${because}.`
      : '',
  ].filter((fault) => fault !== '');
}

function sameText(left: Secret | undefined, right: Secret | undefined): boolean {
  return left !== undefined && left.reveal() === right?.reveal();
}

function publicUrlOf(variables: Variables): string {
  return (variables.PUBLIC_URL ?? `http://localhost:${String(variables.PORT)}`).replace(/\/+$/, '');
}

function databaseUrls(variables: Variables): Config['database']['urls'] {
  if (!variables.DATABASE_URL) return null;
  return { app: variables.DATABASE_URL, owner: variables.DATABASE_OWNER_URL ?? variables.DATABASE_URL };
}

function keysOf(variables: Variables, generated: GeneratedSecrets | null): Config['secrets'] {
  const current = variables.SECRETS_KEY ?? generated?.secretsKey;
  const linkKeys = variables.LINK_KEYS ?? (generated ? [{ id: 'g1', key: generated.linkKey }] : []);
  if (!current) throw new Error('A key that is neither given nor generated.');
  return {
    current: named(current),
    previous: (variables.SECRETS_KEY_PREVIOUS ?? []).map(named),
    linkKeys,
  };
}

function sandboxOf(variables: Variables, generated: GeneratedSecrets | null): Config['sandbox'] {
  if (variables.NODE_ENV === 'production' || variables.SANDBOX_ENABLED === false) return null;
  const secret = variables.SANDBOX_SECRET ?? generated?.sandboxSecret ?? derivedSandboxSecret(variables);
  return {
    merchantId: variables.SANDBOX_MERCHANT_ID ?? 'DVC-SANDBOX',
    secret,
    // Whoever says anything about a gateway means the real one, or none.
    standIns: (variables.SANDBOX_GATEWAYS ?? Object.keys(GATEWAY_VARIABLES)).filter(
      (code) => variables.gateways[switchOf(code)] === undefined,
    ),
  };
}

function enabledGateways({ gateways }: Variables): Config['gateways']['enabled'] {
  const isOn = ([code]: readonly [string, GatewayVariableNames]): boolean =>
    gateways[switchOf(code)] === true;
  return Object.fromEntries(
    GATEWAYS.filter(isOn).map(([code, { plain, secret }]) => {
      const names = [...plain, ...secret.flatMap((name) => [name, `${name}_PREVIOUS`])];
      const set = names.flatMap((name): [string, string | Secret][] => {
        const value = gateways[name];
        return typeof value === 'string' || value instanceof Secret ? [[name, value]] : [];
      });
      return [code, Object.fromEntries(set)];
    }),
  );
}

/** With all other keys given, the pretend bank's secret follows from them: it guards pretend money only. */
function derivedSandboxSecret(variables: Variables): Secret {
  return new Secret(fingerprint(`sandbox ${variables.SECRETS_KEY?.reveal() ?? ''}`, 32));
}

/** In the trial modes the pretend agency's inbox lives in this very process. */
function allowedHosts(variables: Variables, isProduction: boolean): string[] {
  const listed = (variables.WEBHOOK_ALLOWED_HOSTS ?? '').split(',').map((host) => host.trim());
  const own = isProduction ? '' : new URL(publicUrlOf(variables)).host;
  return [...listed, own].filter((host) => host !== '');
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A key is named by what it is, so that a sealed text finds its key whichever variable holds it. */
function named(key: Secret): NamedKey {
  return { id: fingerprint(key.reveal(), 8), key };
}

function fingerprint(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Secret)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
