/** C02, several orders under one dossier or decision: each with its agency, amount and state. Names no person, gives no code away. */
import type { Money } from '../domain/kernel/money.ts';
import {
  Figure,
  MoneyStateLine,
  Name,
  Rich,
  SummaryList,
  Vietnamese,
  type SummaryRow,
} from '../web/components.tsx';
import { messagesFor, type NameInLanguages } from '../web/i18n.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';

export interface OrderListView {
  /** In the order shown; two or more. */
  readonly items: readonly OrderListItem[];
}

export interface OrderListItem {
  readonly agency: NameInLanguages;
  /** The agency's own words. */
  readonly description: string;
  readonly amount: Money;
  readonly state: 'unpaid' | 'waiting' | 'paid' | 'closed';
  /** The order's page, where there is something to pay. */
  readonly payHref: string | null;
}

export function orderListPage(view: OrderListView, context: PageContext): string {
  const texts = messagesFor(context.locale);
  const title = texts.owed.title(view.items.length);
  return citizenPage(context, {
    title,
    backHref: '/pay',
    children: (
      <>
        <h1>{title}</h1>
        <p class="muted">{texts.owed.choose}</p>
        {view.items.map((item, index) => (
          <section key={index} aria-labelledby={`item-${index}`}>
            <h2 id={`item-${index}`}>
              <Vietnamese text={item.description} locale={context.locale} />
            </h2>
            <SummaryList rows={rowsOf(item, context)} />
            <State item={item} context={context} />
            {item.payHref === null ? null : (
              <a class="btn" href={item.payHref}>
                {texts.owed.see}
              </a>
            )}
          </section>
        ))}
      </>
    ),
  });
}

function rowsOf(item: OrderListItem, { locale }: PageContext): SummaryRow[] {
  const texts = messagesFor(locale).order;
  return [
    { label: texts.agency, value: <Name name={item.agency} locale={locale} /> },
    { label: texts.total, value: <Figure amount={item.amount} locale={locale} /> },
  ];
}

function State({ item, context }: { item: OrderListItem; context: PageContext }) {
  switch (item.state) {
    case 'unpaid':
      return <MoneyStateLine state={{ kind: 'not_paid' }} context={context} />;
    case 'waiting':
      return <MoneyStateLine state={{ kind: 'waiting' }} context={context} />;
    case 'paid':
      return <MoneyStateLine state={{ kind: 'paid', amount: item.amount }} context={context} />;
    case 'closed':
      return (
        <p>
          <Rich text={messagesFor(context.locale).verify.requestClosed} />
        </p>
      );
  }
}
