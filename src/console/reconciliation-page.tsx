/** Reconciliation of a range of days on one page: what matches, what does not, and why the two sides differ. */
import type { JSX } from 'preact';
import { subtract, sum, type Money } from '../domain/kernel/money.ts';
import { Rich, Tag } from '../web/components.tsx';
import {
  amountDigits,
  countText,
  dayText,
  instantFormat,
  moneyFigure,
  percentOfPpm,
  signedDigits,
  signedMoneyFigure,
  unitSign,
} from '../web/formats.ts';
import { messagesFor } from '../web/i18n.ts';
import { staffPage, type PageContext } from '../web/page.tsx';
import { Figures, Table, type Column } from '../web/tables.tsx';
import {
  bridgeOf,
  type CountAndSum,
  type GatewayReconciliation,
  type ReconciliationException,
  type ReconciliationView,
} from './reconciliation-view.ts';

export function reconciliationPage(view: ReconciliationView, context: PageContext): string {
  const texts = messagesFor(context.locale).reconciliation;
  const [from, to] = [dayText(view.from), dayText(view.to)];
  const title = view.from === view.to ? texts.titleOneDay(from) : texts.title(from, to);
  const received = view.gateways.filter(({ statementAt }) => statementAt !== null).length;
  const { moment } = instantFormat(context.timeZone, context.locale);
  return staffPage(context, {
    title,
    menu: view.menu,
    children: (
      <>
        <h1>{title}</h1>
        <p class="muted">
          {view.gateways.length === 0 ? null : `${texts.statementsIn(received, view.gateways.length)} `}
          {texts.asOf(moment(view.asOf))}
        </p>
        <DayRange view={view} context={context} />
        <KeyFigures view={view} context={context} />
        <BridgeCard view={view} context={context} />
        <GatewayTable view={view} context={context} />
        <ExceptionTable view={view} context={context} />
      </>
    ),
  });
}

interface Parts {
  readonly view: ReconciliationView;
  readonly context: PageContext;
}

function DayRange({ view, context }: Parts): JSX.Element {
  const texts = messagesFor(context.locale).reconciliation;
  return (
    <form class="filter" method="get" action={view.formHref}>
      {(['from', 'to'] as const).map((name) => (
        <div class="field" key={name}>
          <label for={name}>{texts[name]}</label>
          <input id={name} name={name} type="date" value={view[name]} required />
        </div>
      ))}
      <button class="btn second" type="submit">
        {texts.show}
      </button>
    </form>
  );
}

function KeyFigures({ view, context: { locale } }: Parts): JSX.Element {
  const texts = messagesFor(locale).reconciliation;
  const bridge = bridgeOf(view);
  const waiting = view.gateways.filter(({ statementAt }) => statementAt === null);
  const compared = view.gateways.filter(({ statementAt }) => statementAt !== null);
  const all = countOf(view.gateways, ({ recorded }) => recorded.count);
  const matched = countOf(compared, ({ matched: { count } }) => count);
  const comparedCount = countOf(compared, ({ recorded }) => recorded.count);
  return (
    <Figures
      figures={[
        {
          label: texts.recorded,
          value: moneyFigure(sumOf(view, view.gateways), locale),
          note: texts.transactions(all, countText(all, locale)),
        },
        {
          label: texts.matchedRate,
          value:
            comparedCount === 0
              ? '–'
              : percentOfPpm(Math.floor((matched / comparedCount) * 10_000) * 100, locale),
          note: texts.ofTransactions(countText(matched, locale), countText(comparedCount, locale)),
        },
        {
          label: texts.difference,
          value: signedMoneyFigure(bridge.difference, locale),
          note: texts.exceptionCount(countText(view.exceptionCount, locale)),
          isBad: bridge.difference.amountMinor !== 0n,
        },
        {
          label: texts.withoutStatement,
          value: moneyFigure(sumOf(view, waiting), locale),
          note: waiting.map(({ name }) => name).join(', ') || texts.noneAwaited,
        },
      ]}
    />
  );
}

function BridgeCard({ view, context: { locale } }: Parts): JSX.Element {
  const texts = messagesFor(locale).reconciliation;
  const bridge = bridgeOf(view);
  const open = bridge.steps.filter(({ count }) => count > 0);
  const line = (
    <p>
      <Rich
        text={texts.bridgeLine(moneyFigure(bridge.recorded, locale), moneyFigure(bridge.reported, locale))}
      />
    </p>
  );
  if (open.length === 0 && bridge.unexplained.amountMinor === 0n) {
    const waiting = view.gateways.filter(({ statementAt }) => statementAt === null).length;
    const isCompared = waiting < view.gateways.length;
    // "Both sides match" is a finding: nobody may read it where nothing was compared.
    const heading =
      view.gateways.length === 0
        ? texts.nothingToCompare
        : !isCompared
          ? texts.noneCompared
          : waiting > 0
            ? texts.comparedMatched(waiting)
            : texts.allMatched;
    return (
      <section class="card">
        <h2>{heading}</h2>
        {isCompared ? line : null}
      </section>
    );
  }
  const widest = open.reduce((most, { sum: { amountMinor } }) => {
    const size = amountMinor < 0n ? -amountMinor : amountMinor;
    return size > most ? size : most;
  }, 1n);
  const rows: BridgeRow[] = [
    ...open.map((step) => ({ label: texts[step.kind], count: step.count, sum: step.sum })),
    ...(bridge.unexplained.amountMinor === 0n
      ? []
      : [{ label: texts.bridgeUnexplained, count: null, sum: bridge.unexplained }]),
  ];
  const columns: Column<BridgeRow>[] = [
    { heading: texts.step, cell: (row) => row.label, total: messagesFor(locale).list.totalRow },
    {
      heading: texts.size,
      cell: (row) => <Bar value={row.sum.amountMinor} widest={widest} />,
    },
    {
      heading: texts.count,
      isNumeric: true,
      cell: (row) => (row.count === null ? '–' : countText(row.count, locale)),
      total: countText(
        open.reduce((running, { count }) => running + count, 0),
        locale,
      ),
    },
    {
      heading: texts.sumIn(unitSign(view, locale)),
      isNumeric: true,
      cell: (row) => signedDigits(row.sum, locale),
      total: signedDigits(bridge.difference, locale),
    },
  ];
  return (
    <section class="card stack">
      <h2>{texts.bridgeTitle(signedMoneyFigure(bridge.difference, locale))}</h2>
      {line}
      <Table caption={texts.bridgeTable} isCaptionHidden columns={columns} rows={rows} />
    </section>
  );
}

interface BridgeRow {
  readonly label: string;
  readonly count: number | null;
  readonly sum: Money;
}

/** A signed bar on its own scale: next to the day's total these differences would not be seen. */
function Bar({ value, widest }: { value: bigint; widest: bigint }): JSX.Element {
  const size = value < 0n ? -value : value;
  const width = Math.max(1, Number((size * 100n) / widest));
  return (
    <svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="8" />
      <rect class={value < 0n ? 'minus' : 'plus'} width={width} height="8" />
    </svg>
  );
}

function GatewayTable({ view, context }: Parts): JSX.Element {
  const { locale } = context;
  const texts = messagesFor(locale).reconciliation;
  const { moment } = instantFormat(context.timeZone, locale);
  const unit = unitSign(view, locale);
  const columns: Column<GatewayReconciliation>[] = [
    { heading: texts.source, cell: ({ name }) => name, total: messagesFor(locale).list.totalRow },
    ...countAndSum(({ recorded }) => recorded, texts.sumIn(unit), { view, context }),
    ...countAndSum(compared('matched'), texts.sumIn(unit), { view, context }),
    ...countAndSum(compared('missingAtUs'), texts.sumIn(unit), { view, context }),
    ...countAndSum(compared('missingAtBank'), texts.sumIn(unit), { view, context }),
    ...countAndSum(differenceOf, texts.differenceIn(unit), { view, context }),
    {
      heading: texts.state,
      cell: (gateway) => (
        <>
          <GatewayState gateway={gateway} texts={texts} locale={locale} />
          {gateway.statementAt === null ? null : (
            <p class="muted">{texts.statementAt(moment(gateway.statementAt))}</p>
          )}
        </>
      ),
    },
  ];
  const groups = [
    texts.recorded,
    texts.matched,
    texts.missing_at_us,
    texts.missing_at_bank,
    texts.amount_differs,
  ];
  return (
    <section class="card">
      <Table
        caption={texts.bySource}
        headingGroups={[
          { text: '', span: 1 },
          ...groups.map((text) => ({ text, span: 2 })),
          { text: '', span: 1 },
        ]}
        columns={columns}
        rows={view.gateways}
      />
    </section>
  );
}

type CellOf = (gateway: GatewayReconciliation) => CountAndSum | null;

/** A column of counts and one of sums; a gateway without a statement has neither, which is not the same as 0. */
function countAndSum(
  pick: CellOf,
  sumHeading: string,
  { view, context: { locale } }: Parts,
): Column<GatewayReconciliation>[] {
  const texts = messagesFor(locale).reconciliation;
  const known = view.gateways.map(pick).filter((cell) => cell !== null);
  const cell = (gateway: GatewayReconciliation, write: (value: CountAndSum) => string) => {
    const value = pick(gateway);
    return value === null ? <span class="muted">{texts.notCompared}</span> : write(value);
  };
  return [
    {
      heading: texts.count,
      isNumeric: true,
      cell: (gateway) => cell(gateway, ({ count }) => countText(count, locale)),
      total: countText(
        known.reduce((running, { count }) => running + count, 0),
        locale,
      ),
    },
    {
      heading: sumHeading,
      isNumeric: true,
      cell: (gateway) => cell(gateway, (value) => amountDigits(value.sum, locale)),
      total: amountDigits(
        sum(
          known.map((value) => value.sum),
          view.currency,
        ),
        locale,
      ),
    },
  ];
}

function compared(part: 'matched' | 'missingAtUs' | 'missingAtBank'): CellOf {
  return (gateway) => (gateway.statementAt === null ? null : gateway[part]);
}

function differenceOf({ amountDiffers, statementAt }: GatewayReconciliation): CountAndSum | null {
  if (statementAt === null) return null;
  return { count: amountDiffers.count, sum: subtract(amountDiffers.theirs, amountDiffers.ours) };
}

function GatewayState({
  gateway,
  texts,
  locale,
}: {
  gateway: GatewayReconciliation;
  texts: ReturnType<typeof messagesFor>['reconciliation'];
  locale: PageContext['locale'];
}): JSX.Element {
  if (gateway.statementAt === null) return <Tag tone="warn">{texts.awaited}</Tag>;
  const open = gateway.missingAtUs.count + gateway.missingAtBank.count + gateway.amountDiffers.count;
  return open === 0 ? (
    <Tag tone="ok">{texts.allAgree}</Tag>
  ) : (
    <Tag tone="bad">{texts.exceptionCount(countText(open, locale))}</Tag>
  );
}

function ExceptionTable({ view, context: { locale } }: Parts): JSX.Element {
  const texts = messagesFor(locale).reconciliation;
  if (view.exceptions.length === 0) {
    return (
      <section class="card">
        <h2>{texts.exceptions}</h2>
        <p>{texts.noExceptions}</p>
      </section>
    );
  }
  const amount = (value: Money | null) => (value === null ? texts.notThere : amountDigits(value, locale));
  const unit = unitSign(view, locale);
  const columns: Column<ReconciliationException>[] = [
    { heading: texts.day, cell: ({ day }) => dayText(day) },
    { heading: texts.kind, cell: ({ kind }) => texts[kind] },
    { heading: texts.source, cell: ({ gatewayName }) => gatewayName },
    { heading: texts.reference, cell: ({ merchantReference }) => merchantReference ?? texts.notThere },
    { heading: texts.bankReference, cell: (row) => row.gatewayTransactionId ?? texts.notThere },
    { heading: texts.oursIn(unit), isNumeric: true, cell: ({ ours }) => amount(ours) },
    { heading: texts.theirsIn(unit), isNumeric: true, cell: ({ theirs }) => amount(theirs) },
    {
      heading: texts.differenceIn(unit),
      isNumeric: true,
      cell: (row) => (
        <span class="negative">{signedDigits(exceptionDifference(row, view.currency), locale)}</span>
      ),
    },
    {
      heading: texts.resolution,
      cell: ({ isResolved }) => (
        <Tag tone={isResolved ? 'ok' : 'bad'}>{isResolved ? texts.resolved : texts.open}</Tag>
      ),
    },
  ];
  return (
    <section class="card">
      <Table caption={texts.exceptions} columns={columns} rows={view.exceptions} />
    </section>
  );
}

/** The bank's side less ours; a side that is not there counts 0. */
function exceptionDifference({ ours, theirs }: ReconciliationException, currency: Money['currency']): Money {
  const zero = { amountMinor: 0n, currency };
  return subtract(theirs ?? zero, ours ?? zero);
}

function sumOf(view: ReconciliationView, gateways: readonly GatewayReconciliation[]): Money {
  return sum(
    gateways.map(({ recorded }) => recorded.sum),
    view.currency,
  );
}

function countOf(
  gateways: readonly GatewayReconciliation[],
  pick: (gateway: GatewayReconciliation) => number,
): number {
  return gateways.reduce((running, gateway) => running + pick(gateway), 0);
}
