/** The results of a bench as the file others read and the page people read. */
import { rounded, spreadOf, spreadText, table } from './figures.ts';

export interface Series {
  readonly perSecond: number[];
  readonly p50: number[];
  readonly p95: number[];
  readonly p99: number[];
  /** CPU time of the process under measure and of PostgreSQL for each good answer, microseconds. */
  readonly nodeUs: number[];
  readonly postgresUs: number[];
}

export interface Results {
  readonly at: string;
  readonly kind: 'full' | 'quick';
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly node: string;
    readonly loadAverage: number;
  };
  readonly settings: Readonly<Record<string, string>>;
  readonly ratios: Readonly<Record<string, number | null>>;
  readonly other_ratios: Readonly<Record<string, number | null>>;
  readonly webhooks_per_second: number | null;
  readonly wal_bytes_per_callback: number | null;
  readonly facts: Readonly<Record<string, number>>;
  readonly series: Readonly<Record<string, Series>>;
  readonly faults: readonly string[];
}

interface Goal {
  readonly what: string;
  readonly value: (results: Results) => number | null | undefined;
  readonly goal: number;
  readonly ambition?: number;
  readonly isUpper?: boolean;
}

const GOALS: readonly Goal[] = [
  { what: 'callbacks, 1 connection ÷ Express insert', value: (r) => r.ratios['callbacks_1'], goal: 0.45 },
  {
    what: 'callbacks, 64 connections ÷ Express insert',
    value: (r) => r.ratios['callbacks_64'],
    goal: 0.6,
    ambition: 0.85,
  },
  { what: 'orders, 64 connections ÷ Express insert', value: (r) => r.ratios['orders_64'], goal: 0.4 },
  { what: 'one agency ÷ fifty agencies', value: (r) => r.ratios['one_agency'], goal: 0.95 },
  { what: 'a million orders stored ÷ ten thousand', value: (r) => r.ratios['million_stored'], goal: 0.85 },
  {
    what: 'WAL bytes per settled callback',
    value: (r) => r.wal_bytes_per_callback,
    goal: 8_192,
    ambition: 5_632,
    isUpper: true,
  },
  {
    what: 'webhooks per second, local receiver',
    value: (r) => r.webhooks_per_second,
    goal: 0,
    ambition: 5_000,
  },
  {
    what: 'commit to first attempt at 300/s, p95 ms',
    value: (r) => r.facts['first_attempt_p95_ms'],
    goal: 1_000,
    isUpper: true,
  },
];

const NAMES: Readonly<Record<string, string>> = {
  express: 'floor: Express, one durable insert',
  plain: 'the same on plain http',
  callbacks: 'settled callbacks, fifty agencies',
  one_agency: 'settled callbacks, one agency',
  orders: 'orders opened',
  ceiling: 'ceiling: the same rows by pg alone, decided before',
  ceiling_one_by_one: 'the same one by one on a single connection',
  without_http: 'read, decide, write, without HTTP',
};

export function markdownOf(results: Results): string {
  const { machine, settings } = results;
  return [
    '# Speed of the money path',
    '',
    `${results.at.slice(0, 16).replace('T', ' ')} UTC, ${results.kind} run: ${settings['rounds'] ?? '?'} interleaved rounds of ${settings['seconds'] ?? '?'} s each, median (minimum–maximum). ` +
      `${String(machine.cores)} cores (${machine.cpu}) shared by PostgreSQL, Node ${machine.node} and the load generator; load average at the end ${String(machine.loadAverage)}. ` +
      `fsync, synchronous_commit and full_page_writes are on. Compare within this page only.`,
    '',
    table(
      ['Goal', 'reached', 'to reach', 'ambition'],
      GOALS.map(({ what, value, goal, ambition, isUpper }) => {
        const reached = value(results);
        const sign = isUpper ? '≤' : '≥';
        const isShort = typeof reached === 'number' && (isUpper ? reached > goal : reached < goal);
        return [
          what,
          typeof reached === 'number' ? `${String(reached)}${isShort ? ' (short)' : ''}` : 'not measured',
          goal === 0 ? 'reported' : `${sign} ${String(goal)}`,
          ambition === undefined ? '' : `${sign} ${String(ambition)}`,
        ];
      }),
    ),
    '',
    table(
      ['Run', 'a second', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU µs Node', 'CPU µs PostgreSQL'],
      Object.entries(results.series).map(([name, one]) => [
        nameOf(name),
        spreadText(spreadOf(one.perSecond)),
        ...[one.p50, one.p95, one.p99].map((values) =>
          values.length === 0 ? '' : String(rounded(spreadOf(values).median, 1)),
        ),
        ...[one.nodeUs, one.postgresUs].map((values) =>
          values.length === 0 ? '' : String(rounded(spreadOf(values).median)),
        ),
      ]),
    ),
    '',
    table(
      ['Other', 'value'],
      [...Object.entries(results.other_ratios), ...Object.entries(results.facts)].map(([name, value]) => [
        name.replaceAll('_', ' '),
        value === null ? 'not measured' : value.toLocaleString('en-GB'),
      ]),
    ),
    '',
    results.faults.length === 0
      ? 'After the runs: drift 0, receipt gaps 0, double outcomes 0.'
      : `After the runs:\n${results.faults.map((fault) => `- ${fault}`).join('\n')}`,
    '',
  ].join('\n');
}

function nameOf(name: string): string {
  const known = Object.keys(NAMES).find((prefix) => name.startsWith(prefix));
  const rest = name
    .slice(known?.length ?? 0)
    .replaceAll('_', ' ')
    .trim();
  const [connections = '', ...others] = rest.split(' ');
  const words = known ? (NAMES[known] ?? name) : name;
  return `${words}${/^\d+$/.test(connections) ? `, ${connections} connections` : ''}${others.length > 0 ? `, ${others.join(' ')}` : ''}`;
}
