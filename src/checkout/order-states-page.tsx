/** An order that cannot be paid now: withdrawn, expired, being paid by somebody, or refunded. */
import { formatLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import { CodePanel, MoneyStateLine, Rich, WarnPanel } from '../web/components.tsx';
import { instantFormat } from '../web/formats.ts';
import { messagesFor, nameIn, type NameInLanguages } from '../web/i18n.ts';
import type { MoneyState } from '../web/money-sentence.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';

export interface OrderStateView {
  readonly agency: NameInLanguages;
  readonly lookupCode: LookupCode;
  readonly state: OrderStateKind;
}

/**
 * Why the order is not open to this visitor. An order that is paid has the result page (its payer) or the status
 * page's `already_paid` (anybody else).
 */
export type OrderStateKind =
  | { readonly kind: 'withdrawn'; readonly at: Date }
  | { readonly kind: 'expired'; readonly at: Date }
  | {
      readonly kind: 'being_paid';
      readonly startedAt: Date;
      readonly until: Date;
      /** The attempt's page, for the visitor who began it; null for others. */
      readonly resultHref: string | null;
    }
  | { readonly kind: 'refunded'; readonly amount: Money; readonly at: Date };

export function orderStatePage(view: OrderStateView, context: PageContext): string {
  const texts = messagesFor(context.locale);
  const { title, body, money } = stateTexts(view, context);
  const resultHref = view.state.kind === 'being_paid' ? view.state.resultHref : null;
  return citizenPage(context, {
    title,
    children: (
      <>
        <WarnPanel>
          <h1>{title}</h1>
          {body === null ? null : (
            <p class="lead">
              <Rich text={body} />
            </p>
          )}
          <MoneyStateLine state={money} context={context} />
        </WarnPanel>
        {resultHref === null ? null : (
          <a class="btn" href={resultHref}>
            {texts.closed.seeResult}
          </a>
        )}
        <CodePanel label={texts.order.lookupCode} code={formatLookupCode(view.lookupCode)} />
        <ul class="links">
          <li>
            <a href="/pay">{texts.shell.findDue}</a>
          </li>
        </ul>
      </>
    ),
  });
}

function stateTexts(
  { state, agency }: OrderStateView,
  context: PageContext,
): { title: string; body: string | null; money: MoneyState } {
  const texts = messagesFor(context.locale).closed;
  const { date, time } = instantFormat(context.timeZone, context.locale);
  const agencyName = nameIn(context.locale, agency).text;
  switch (state.kind) {
    case 'withdrawn':
      return {
        title: texts.withdrawnTitle,
        body: texts.withdrawn(agencyName, date(state.at)),
        money: { kind: 'not_paid' },
      };
    case 'expired':
      return {
        title: texts.expiredTitle,
        body: texts.expired(date(state.at), agencyName),
        money: { kind: 'not_paid' },
      };
    case 'being_paid':
      return {
        title: texts.beingPaidTitle,
        body: texts.beingPaid(time(state.startedAt), time(state.until)),
        money: { kind: 'waiting' },
      };
    case 'refunded':
      return {
        title: texts.refundedTitle,
        body: null,
        money: { kind: 'refunded', amount: state.amount, at: state.at },
      };
  }
}
