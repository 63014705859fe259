/** Gateways on one page, for finance and operations: who can be paid through now, how well, and what is planned. */
import type { JSX } from 'preact';
import type { GatewayReport, SpanReport } from '../features/payments/gateway-report.ts';
import { Tag } from '../web/components.tsx';
import { countText, instantFormat, percentOfPpm } from '../web/formats.ts';
import { messagesFor, type Locale } from '../web/i18n.ts';
import { staffPage, type PageContext, type StaffPageParts } from '../web/page.tsx';
import { Table, type Column } from '../web/tables.tsx';

export interface GatewaysView {
  readonly asOf: Date;
  readonly gateways: readonly (GatewayReport & { readonly name: string })[];
  readonly menu: NonNullable<StaffPageParts['menu']>;
}

type Row = GatewaysView['gateways'][number];

export function gatewaysPage(view: GatewaysView, context: PageContext): string {
  const texts = messagesFor(context.locale).gateways;
  const { moment } = instantFormat(context.timeZone, context.locale);
  return staffPage(context, {
    title: texts.title,
    menu: view.menu,
    children: (
      <>
        <h1>{texts.title}</h1>
        <p class="muted">{texts.asOf(moment(view.asOf))}</p>
        <section class="card">
          <Table
            caption={texts.caption}
            columns={columnsOf(context)}
            rows={view.gateways}
            headingGroups={[
              { text: '', span: 2 },
              { text: texts.hour, span: 3 },
              { text: texts.day, span: 3 },
              { text: '', span: 1 },
            ]}
          />
          <p class="muted">{texts.explain}</p>
        </section>
        <Planned view={view} context={context} />
      </>
    ),
  });
}

function columnsOf({ locale, timeZone }: PageContext): Column<Row>[] {
  const texts = messagesFor(locale).gateways;
  const { moment } = instantFormat(timeZone, locale);
  const spanColumns = (pick: (row: Row) => SpanReport): Column<Row>[] => [
    { heading: texts.calls, isNumeric: true, cell: (row) => countText(pick(row).calls, locale) },
    { heading: texts.answered, isNumeric: true, cell: (row) => shareText(pick(row), locale) },
    { heading: texts.p95, isNumeric: true, cell: (row) => p95Text(pick(row), locale) },
  ];
  return [
    { heading: texts.gateway, cell: ({ name }) => name },
    { heading: texts.state, cell: (row) => <State row={row} moment={moment} locale={locale} /> },
    ...spanColumns(({ hour }) => hour),
    ...spanColumns(({ day }) => day),
    {
      heading: texts.lastCallback,
      cell: ({ lastCallbackAt }) => (lastCallbackAt === null ? texts.noneYet : moment(lastCallbackAt)),
    },
  ];
}

function State({
  row,
  moment,
  locale,
}: {
  row: Row;
  moment: (at: Date) => string;
  locale: Locale;
}): JSX.Element {
  const texts = messagesFor(locale).gateways;
  const { circuit, position, maintenanceUntil } = row;
  if (maintenanceUntil !== null)
    return <Tag tone="warn">{texts.inMaintenance(moment(maintenanceUntil))}</Tag>;
  const { openedAt, retryAt, brokenBy } = circuit;
  if (position === 'closed' || openedAt === null || retryAt === null)
    return <Tag tone="ok">{texts.normal}</Tag>;
  const why = brokenBy === 'query' ? texts.queriesFail : texts.startsFail;
  return (
    <>
      <Tag tone="bad">{texts.downSince(moment(openedAt))}</Tag> {why}{' '}
      {position === 'half_open' ? texts.beingTried : texts.retryAt(moment(retryAt))}
    </>
  );
}

function shareText({ successPpm }: SpanReport, locale: Locale): string {
  // Tenths of a percent, rounded down: what failed once is not shown as whole.
  return successPpm === null ? '–' : percentOfPpm(Math.floor(successPpm / 1_000) * 1_000, locale);
}

/** The slowest of what payers wait for: starting and asking. */
function p95Text({ p95Ms }: SpanReport, locale: Locale): string {
  const known = [p95Ms.start, p95Ms.query].flatMap((ms) => (ms === null ? [] : [ms]));
  return known.length === 0 ? '–' : messagesFor(locale).gateways.below(countText(Math.max(...known), locale));
}

function Planned({ view, context }: { view: GatewaysView; context: PageContext }): JSX.Element {
  const { locale, timeZone } = context;
  const texts = messagesFor(locale).gateways;
  const { moment } = instantFormat(timeZone, locale);
  const rows = view.gateways.flatMap(({ name, windows }) => windows.map((window) => ({ name, ...window })));
  return (
    <section class="card">
      <h2>{texts.planned}</h2>
      {rows.length === 0 ? (
        <p>{texts.nothingPlanned}</p>
      ) : (
        <Table
          caption={texts.planned}
          isCaptionHidden
          columns={[
            { heading: texts.gateway, cell: ({ name }) => name },
            { heading: texts.from, cell: ({ startsAt }) => moment(startsAt) },
            { heading: texts.to, cell: ({ endsAt }) => moment(endsAt) },
            { heading: texts.note, cell: ({ note }) => note?.[locale] ?? '' },
          ]}
          rows={rows}
        />
      )}
    </section>
  );
}
