/** The text of docs/lifecycles.md: every lifecycle table as a picture and as the table it is. */
import type { Lifecycle } from '../src/domain/kernel/lifecycle.ts';
import { PAYMENT_ORDER_LIFECYCLE } from '../src/domain/orders/payment-order-lifecycle.ts';
import { PAYMENT_LIFECYCLE } from '../src/domain/payments/payment-lifecycle.ts';
import { REFUND_LIFECYCLE } from '../src/domain/refunds/refund-lifecycle.ts';

export interface DrawnLifecycle {
  readonly title: string;
  /** Where a new one begins. */
  readonly initial: string;
  readonly source: string;
  readonly table: Lifecycle<string, string>;
  /** The column whose `check` lists the same states. */
  readonly column: { readonly table: string; readonly name: string };
}

export const LIFECYCLES: readonly DrawnLifecycle[] = [
  {
    title: 'Payment order',
    initial: 'open',
    source: 'src/domain/orders/payment-order-lifecycle.ts',
    table: PAYMENT_ORDER_LIFECYCLE,
    column: { table: 'payment_orders', name: 'status' },
  },
  {
    title: 'Payment',
    initial: 'created',
    source: 'src/domain/payments/payment-lifecycle.ts',
    table: PAYMENT_LIFECYCLE,
    column: { table: 'payments', name: 'state' },
  },
  {
    title: 'Refund',
    initial: 'requested',
    source: 'src/domain/refunds/refund-lifecycle.ts',
    table: REFUND_LIFECYCLE,
    column: { table: 'refunds', name: 'state' },
  },
];

const HEAD = `# Lifecycles

Drawn from the tables of \`src/domain\` by \`npm run draw-lifecycles\`; do not edit by hand. A test holds this file
equal to the tables, and another holds the tables equal to the \`check\` constraints of the database.
What the states mean is told in the [glossary](glossary.md).
`;

/** The whole file. */
export function lifecyclesPage(): string {
  return [HEAD, ...LIFECYCLES.map(section)].join('\n');
}

function section(lifecycle: DrawnLifecycle): string {
  return `## ${lifecycle.title}

Source: \`${lifecycle.source}\`; column \`${lifecycle.column.table}.${lifecycle.column.name}\`.

\`\`\`mermaid
${picture(lifecycle).join('\n')}
\`\`\`

| state | moves |
|---|---|
${rows(lifecycle).join('\n')}
`;
}

function picture({ initial, table }: DrawnLifecycle): string[] {
  const arrows = Object.entries(table).flatMap(([from, moves]) =>
    movesOf(moves).map(([move, to]) => `  ${from} --> ${to}: ${move}`),
  );
  const ends = Object.entries(table)
    .filter(([, moves]) => movesOf(moves).length === 0)
    .map(([state]) => `  ${state} --> [*]`);
  return ['stateDiagram-v2', `  [*] --> ${initial}`, ...arrows, ...ends];
}

function rows({ table }: DrawnLifecycle): string[] {
  return Object.entries(table).map(([state, moves]) => {
    const words = movesOf(moves).map(([move, to]) => `${move} → \`${to}\``);
    return `| \`${state}\` | ${words.join(', ') || 'none: it ends here'} |`;
  });
}

function movesOf(moves: Readonly<Partial<Record<string, string>>>): [string, string][] {
  return Object.entries(moves).flatMap(([move, to]): [string, string][] =>
    to === undefined ? [] : [[move, to]],
  );
}
