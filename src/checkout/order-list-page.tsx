/** C02, several orders under one dossier or decision: each with its agency, amount and state. Names no person, gives no code away. */
import {
  Figure,
  MoneyStateLine,
  Name,
  SummaryList,
  Vietnamese,
  type SummaryRow,
} from '../web/components.tsx';
import { moneyText } from '../web/formats.ts';
import { messagesFor, type NameInLanguages } from '../web/i18n.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';
import type { PublicOrder } from './public-state.ts';

export interface OrderListView {
  /** In the order shown; two or more. */
  readonly items: readonly OrderListItem[];
}

export interface OrderListItem extends PublicOrder {
  readonly agency: NameInLanguages;
  /** The agency's own words. */
  readonly description: string;
  /** The order's public page. */
  readonly href: string;
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
            <MoneyStateLine state={item.money} context={context} />
            {item.state === 'unpaid' ? (
              <a class="btn" href={item.href}>
                {texts.owed.pay(moneyText(item.amount, context.locale))}
              </a>
            ) : (
              <a class="btn second" href={item.href} aria-describedby={`item-${index}`}>
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
    {
      label: item.state === 'unpaid' ? texts.total : texts.amount,
      value: <Figure amount={item.amount} locale={locale} />,
    },
  ];
}
