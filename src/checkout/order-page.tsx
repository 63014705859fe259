/** C05, check and pay: how much, why, who, by which method, and what happens if something goes wrong. One order. */
import type { JSX } from 'preact';
import { formatLookupCode } from '../domain/kernel/lookup-code.ts';
import type { Day } from '../domain/kernel/time.ts';
import { identityKind } from '../domain/orders/payer-proof.ts';
import {
  Amount,
  ErrorSummary,
  ErrorText,
  Figure,
  MethodOption,
  MoneyStateLine,
  Name,
  Rich,
  SummaryList,
  Vietnamese,
  WarnPanel,
  type SummaryRow,
} from '../web/components.tsx';
import {
  dayText,
  instantFormat,
  maskIdentity,
  maskName,
  moneyFigure,
  moneyText,
  percentOfPpm,
} from '../web/formats.ts';
import { CSRF_FIELD, HiddenFields } from '../web/forms.tsx';
import { messagesFor, nameIn, type Messages } from '../web/i18n.ts';
import { CheckIcon } from '../web/icons.tsx';
import { citizenPage, type PageContext } from '../web/page.tsx';
import type { MethodAvailability, MethodView, OrderView } from './order-view.ts';

export const METHOD_FIELD = 'method';
export const IDEMPOTENCY_FIELD = 'idempotency_key';
export const AMOUNT_FIELD = 'amount';

export function orderPage(view: OrderView, context: PageContext): string {
  const texts = messagesFor(context.locale);
  return citizenPage(context, {
    title: texts.order.title,
    hasErrors: view.faults.length > 0,
    backHref: view.backHref,
    children: (
      <>
        <ErrorSummary faults={view.faults} locale={context.locale} />
        <h1>{texts.order.title}</h1>
        <AmountChange view={view} context={context} />
        <AmountPanel view={view} context={context} />
        <section aria-labelledby="why">
          <h2 id="why">{texts.order.why}</h2>
          <SummaryList rows={reasonRows(view, context)} />
        </section>
        <section aria-labelledby="payer">
          <h2 id="payer">{texts.order.payer}</h2>
          <SummaryList rows={[payerRow(view, context)]} />
          <p class="muted small">{texts.order.anybodyMayPay}</p>
        </section>
        <PayForm view={view} context={context} />
      </>
    ),
  });
}

interface Parts {
  readonly view: OrderView;
  readonly context: PageContext;
}

function AmountChange({ view, context: { locale } }: Parts): JSX.Element | null {
  if (view.amountChange === null) return null;
  const texts = messagesFor(locale).order;
  const { added, daysLate } = view.amountChange;
  return (
    <WarnPanel>
      <p>
        <Rich text={texts.amountChanged(moneyText(view.total, locale))} />{' '}
        {texts.amountChangedWhy(daysLate, moneyText(added, locale))}
      </p>
    </WarnPanel>
  );
}

function AmountPanel({ view, context }: Parts): JSX.Element {
  const { locale } = context;
  const texts = messagesFor(locale).order;
  return (
    <div class="panel">
      <p class="muted">{texts.total}</p>
      <Amount amount={view.total} locale={locale} isWithWords />
      <dl class="lines">
        {view.lines.map((line, index) => (
          <div key={index}>
            <dt>
              {line.description === null ? (
                texts.kind[line.type]
              ) : (
                <Vietnamese text={line.description} locale={locale} />
              )}
              {line.lateInterest === null ? null : (
                <small>
                  {texts.lateCalculation(
                    line.lateInterest.days,
                    percentOfPpm(line.lateInterest.ratePerDayPpm, locale),
                    moneyFigure(line.lateInterest.base, locale),
                  )}
                </small>
              )}
            </dt>
            <dd>
              <Figure amount={line.amount} locale={locale} />
            </dd>
          </div>
        ))}
        <div>
          <dt>{texts.transactionFee}</dt>
          <dd>
            {view.transactionFee.amountMinor === 0n ? (
              texts.free
            ) : (
              <Figure amount={view.transactionFee} locale={locale} />
            )}
          </dd>
        </div>
      </dl>
      <MoneyStateLine state={view.money} context={context} />
    </div>
  );
}

function reasonRows({ reason, agency, lookupCode }: OrderView, { locale }: PageContext): SummaryRow[] {
  const texts = messagesFor(locale).order;
  const rows: SummaryRow[] = [];
  const vietnamese = (text: string) => <Vietnamese text={text} locale={locale} />;
  if (reason.offence) {
    const { what, whenAndWhere } = reason.offence;
    rows.push({
      label: texts.offence,
      value: vietnamese(what),
      ...(whenAndWhere === null ? {} : { note: vietnamese(whenAndWhere) }),
    });
  }
  if (reason.procedureName !== null)
    rows.push({ label: texts.procedure, value: vietnamese(reason.procedureName) });
  if (reason.dossierCode !== null) rows.push({ label: texts.dossier, value: reason.dossierCode });
  if (reason.decision) {
    const { number, issuedOn, documentHref } = reason.decision;
    rows.push({
      label: texts.decision,
      value: issuedOn === null ? number : texts.decisionNumber(number, dayText(issuedOn)),
      ...(documentHref === null ? {} : { link: { href: documentHref, text: texts.viewDecision } }),
    });
  }
  rows.push({
    label: reason.decision ? texts.decidingAgency : texts.agency,
    value: <Name name={agency} locale={locale} />,
  });
  rows.push({ label: texts.paidInto, value: vietnamese(reason.paidInto) });
  if (reason.due) rows.push({ label: texts.dueOn, value: dueText(reason.due, texts) });
  rows.push({ label: texts.lookupCode, value: <span class="code">{formatLookupCode(lookupCode)}</span> });
  return rows;
}

function dueText({ on, daysLeft }: { on: Day; daysLeft: number }, texts: Messages['order']): string {
  if (daysLeft === 0) return texts.dueToday(dayText(on));
  return daysLeft > 0 ? texts.daysLeft(dayText(on), daysLeft) : texts.overdue(dayText(on), -daysLeft);
}

function payerRow({ payer, payerHref, reason }: OrderView, { locale }: PageContext): SummaryRow {
  const { order: texts, prove } = messagesFor(locale);
  const label = reason.decision ? texts.penalised : texts.debtor;
  if (payerHref !== null) {
    return {
      label,
      value: maskName(payer.name),
      note: prove.hidden,
      link: { href: payerHref, text: prove.link },
    };
  }
  const { identityNumber } = payer;
  return {
    label,
    value: <Vietnamese text={payer.name} locale={locale} />,
    ...(identityNumber === null
      ? {}
      : { note: texts.identity[identityKind(identityNumber)](maskIdentity(identityNumber)) }),
  };
}

function PayForm({ view, context }: Parts): JSX.Element {
  const texts = messagesFor(context.locale).order;
  if (!view.methods.some(isUsable)) return <NoMethod view={view} context={context} />;
  const fault = view.faults.find(({ field }) => field === METHOD_FIELD);
  return (
    <form method="post" action={view.form.action} noValidate>
      <HiddenFields
        fields={{
          [CSRF_FIELD]: view.form.csrfToken,
          [IDEMPOTENCY_FIELD]: view.form.idempotencyKey,
          [AMOUNT_FIELD]: view.total.amountMinor.toString(),
        }}
      />
      <fieldset
        id={METHOD_FIELD}
        tabIndex={-1}
        aria-describedby={fault ? `${METHOD_FIELD}-error` : undefined}
      >
        <legend>
          <h2>{texts.method}</h2>
        </legend>
        {fault ? <ErrorText id={`${METHOD_FIELD}-error`} message={fault.message} /> : null}
        <div class="methods">
          {view.methods.map((method) => (
            <MethodOption key={method.code} {...methodParts(method, view, context)} />
          ))}
        </div>
      </fieldset>
      <button class="btn" type="submit">
        {texts.pay(moneyText(view.total, context.locale))}
      </button>
      <ul class="checks">
        {[texts.safeApprove, texts.safeTwice, texts.safeSecrets].map((promise) => (
          <li key={promise}>
            <CheckIcon />
            {promise}
          </li>
        ))}
      </ul>
    </form>
  );
}

function isUsable({ availability }: MethodView): boolean {
  return availability.kind === 'available' || availability.kind === 'slow';
}

function methodParts(method: MethodView, view: OrderView, context: PageContext) {
  const texts = messagesFor(context.locale).method;
  const { title, hint } = method;
  const why = whyNot(method.availability, title, context);
  const usable = view.methods.filter(isUsable).length;
  const isOnlyOne = usable === 1;
  return {
    name: METHOD_FIELD,
    value: method.code,
    title,
    hint: method.availability.kind === 'slow' ? texts.slow(method.availability.minutes) : hint,
    isChecked: isOnlyOne || view.selectedMethod === method.code,
    isInvalid: view.faults.some(({ field }) => field === METHOD_FIELD),
    ...(why === null ? {} : { unavailable: usable > 0 ? `${why} ${texts.chooseOther}` : why }),
  };
}

/** Why a method cannot be chosen, in a sentence that leaves open what to do instead; null when it can. */
export function whyNot(availability: MethodAvailability, name: string, context: PageContext): string | null {
  const texts = messagesFor(context.locale).method;
  switch (availability.kind) {
    case 'available':
    case 'slow':
      return null;
    case 'maintenance': {
      const until = instantFormat(context.timeZone, context.locale).moment(availability.until);
      return availability.note === null
        ? texts.maintenance(name, until)
        : texts.maintenanceNote(name, until, availability.note);
    }
    case 'failing':
      return texts.failing(name);
    case 'unavailable':
      return texts.unavailable(name);
    case 'over_limit':
      return texts.overLimit(name, moneyFigure(availability.limit, context.locale));
    case 'under_minimum':
      return texts.underMinimum(name, moneyFigure(availability.minimum, context.locale));
  }
}

function NoMethod({ view, context }: Parts): JSX.Element {
  const texts = messagesFor(context.locale).order;
  const ends = view.methods.flatMap(({ availability }) =>
    availability.kind === 'maintenance' ? [availability.until] : [],
  );
  const soonest = ends.sort((a, b) => a.getTime() - b.getTime())[0];
  // Nobody should wait for what no way of paying here will ever take.
  const isForAmount =
    view.methods.length > 0 &&
    view.methods.every(({ availability: { kind } }) => kind === 'over_limit' || kind === 'under_minimum');
  return (
    <section aria-labelledby="no-method">
      <WarnPanel>
        <h2 id="no-method">{texts.noMethodTitle}</h2>
        <p>
          {isForAmount
            ? texts.noMethodForAmount(nameIn(context.locale, view.agency).text)
            : soonest
              ? texts.noMethod(instantFormat(context.timeZone, context.locale).moment(soonest))
              : texts.noMethodUnknown}
        </p>
      </WarnPanel>
      <div class="methods">
        {view.methods.map((method) => (
          <MethodOption key={method.code} {...methodParts(method, view, context)} />
        ))}
      </div>
    </section>
  );
}
