/** An order that cannot be paid any more: withdrawn by its agency, or expired. */
import { formatLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import { CodePanel, MoneyStateLine, Rich, WarnPanel } from '../web/components.tsx';
import { instantFormat } from '../web/formats.ts';
import { messagesFor, nameIn, type NameInLanguages } from '../web/i18n.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';

export interface OrderStateView {
  readonly agency: NameInLanguages;
  readonly lookupCode: LookupCode;
  readonly state: OrderStateKind;
  /** `not_received`: a transfer may still be under way. */
  readonly money: { readonly kind: 'not_paid' | 'not_received' };
}

/** An order that has money of any attempt to tell of has that attempt's page instead. */
export type OrderStateKind =
  { readonly kind: 'withdrawn'; readonly at: Date } | { readonly kind: 'expired'; readonly at: Date };

export function orderStatePage(view: OrderStateView, context: PageContext): string {
  const texts = messagesFor(context.locale);
  const { title, body } = stateTexts(view, context);
  return citizenPage(context, {
    title,
    children: (
      <>
        <WarnPanel>
          <h1>{title}</h1>
          <p class="lead">
            <Rich text={body} />
          </p>
          <MoneyStateLine state={view.money} context={context} />
        </WarnPanel>
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
): { readonly title: string; readonly body: string } {
  const texts = messagesFor(context.locale).closed;
  const on = instantFormat(context.timeZone, context.locale).date(state.at);
  const agencyName = nameIn(context.locale, agency).text;
  return state.kind === 'withdrawn'
    ? { title: texts.withdrawnTitle, body: texts.withdrawn(agencyName, on) }
    : { title: texts.expiredTitle, body: texts.expired(on, agencyName) };
}
