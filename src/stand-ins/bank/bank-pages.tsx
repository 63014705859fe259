/** The pretend bank's pages: pay, done, and the open book. Work without script. */
import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { CallbackRow } from './bank-callback-store.ts';
import { hanoiDay, hanoiTime } from './bank-notices.ts';
import { bankAmount, bankTexts, type BankLocale, type BankTexts } from './bank-texts.ts';
import { DECLINE_CODES, type BankCharge, type BankOrder, type BankRefund } from './bank-types.ts';

interface PageView {
  readonly locale: BankLocale;
  /** Path of the bank's pages, without a trailing slash. */
  readonly base: string;
}

export interface PayView extends PageView {
  readonly order: BankOrder;
  readonly payee: string;
  readonly now: Date;
}

export interface BookView extends PageView {
  readonly waiting: readonly BankOrder[];
  readonly charges: readonly BankCharge[];
  readonly refunds: readonly BankRefund[];
  readonly callbacks: readonly CallbackRow[];
  readonly switches: readonly { readonly name: string; readonly remaining: number }[];
  readonly now: Date;
}

export function payPage(view: PayView): string {
  const { order, locale, now } = view;
  const texts = bankTexts(locale);
  const isOpen = order.state === 'open' && order.expiresAt > now;
  const title = isOpen ? texts.payTitle : order.state === 'open' ? texts.expiredTitle : texts.decidedTitle;
  return page(
    view,
    title,
    <>
      <h1>{title}</h1>
      <p class="amount">{bankAmount(order.amount, locale)}</p>
      <dl>
        <dt>{texts.payee}</dt>
        <dd>{view.payee}</dd>
        <dt>{texts.content}</dt>
        <dd>{order.description}</dd>
        <dt>{texts.reference}</dt>
        <dd class="code">{order.merchantReference}</dd>
        {isOpen ? null : (
          <>
            <dt>{texts.state}</dt>
            <dd>{texts.states[order.state]}</dd>
          </>
        )}
      </dl>
      {isOpen ? <Choices texts={texts} order={order} /> : null}
      {isOpen ? null : (
        <p>
          <a class="button" href={order.returnUrl}>
            {texts.back}
          </a>
        </p>
      )}
    </>,
  );
}

function Choices({ texts, order }: { readonly texts: BankTexts; readonly order: BankOrder }) {
  return (
    <>
      <Choice action="approve" label={texts.approve} primary />
      <form method="post" class="choice">
        <input type="hidden" name="action" value="decline" />
        <label for="code">{texts.declineWith}</label>
        <select id="code" name="code">
          {DECLINE_CODES.map((code) => (
            <option key={code} value={code}>
              {`${code} – ${texts.codes[code]}`}
            </option>
          ))}
        </select>
        <button type="submit">{texts.decline}</button>
      </form>
      <section aria-labelledby="faults">
        <h2 id="faults">{texts.faultsTitle}</h2>
        <Choice action="no_return" label={texts.noReturn} />
        <Choice action="say_nothing" label={texts.sayNothing} />
        <Choice action="charge_twice" label={texts.twice} />
        <Choice action="notice_twice" label={texts.noticeTwice} />
        <Choice action="notice_forged" label={texts.noticeForged} />
        <Choice action="notice_lost" label={texts.noticeLost} />
        <NumberChoice
          action="other_amount"
          name="amount"
          label={texts.otherAmount}
          value={(order.amount - 1n).toString()}
        />
        <NumberChoice action="later" name="seconds" label={texts.later} value="30" />
      </section>
    </>
  );
}

interface ChoiceProps {
  readonly action: string;
  readonly label: string;
}

function Choice({ action, label, primary = false }: ChoiceProps & { readonly primary?: boolean }) {
  return (
    <form method="post" class="choice">
      <input type="hidden" name="action" value={action} />
      <button type="submit" class={primary ? 'primary' : undefined}>
        {label}
      </button>
    </form>
  );
}

function NumberChoice({
  action,
  name,
  label,
  value,
}: ChoiceProps & { readonly name: string; readonly value: string }) {
  return (
    <form method="post" class="choice">
      <input type="hidden" name="action" value={action} />
      <label for={name}>{label}</label>
      <input id={name} name={name} inputMode="numeric" pattern="[0-9]+" required value={value} />
      <button type="submit">{label}</button>
    </form>
  );
}

export function bookPage(view: BookView): string {
  const { locale, base } = view;
  const texts = bankTexts(locale);
  return page(
    view,
    texts.bookTitle,
    <>
      <h1>{texts.bookTitle}</h1>
      <p>
        <a href={`${base}/api/settlement-files/${hanoiDay(view.now)}`}>{texts.file}</a>
      </p>
      <Table
        texts={texts}
        caption={texts.waiting}
        head={[texts.time, texts.amount, texts.reference, texts.state]}
        rows={view.waiting.map((order) => [
          clock(order.createdAt),
          bankAmount(order.amount, locale),
          <a href={`${base}/pay/${order.id}`}>{order.merchantReference}</a>,
          texts.states[order.state],
        ])}
      />
      <Table
        texts={texts}
        caption={texts.charges}
        head={[texts.time, texts.amount, texts.reference, texts.transaction]}
        rows={view.charges.map((charge) => [
          clock(charge.chargedAt),
          bankAmount(charge.amount, locale),
          charge.merchantReference,
          charge.transactionId,
        ])}
      />
      <Table
        texts={texts}
        caption={texts.refunds}
        head={[texts.transaction, texts.reference, texts.amount, texts.state]}
        rows={view.refunds.map((refund) => [
          refund.refundId,
          refund.refundReference,
          bankAmount(refund.amount, locale),
          texts.states[refund.state],
        ])}
      />
      <Table
        texts={texts}
        caption={texts.notices}
        head={[texts.reference, texts.attempts, texts.answer]}
        rows={view.callbacks.map((callback) => [
          callback.subject,
          String(callback.attempts),
          callback.lastStatus === null ? (callback.lastError ?? '–') : String(callback.lastStatus),
        ])}
      />
      <Table
        texts={texts}
        caption={texts.switches}
        head={[texts.state, texts.attempts]}
        rows={view.switches.map(({ name, remaining }) => [name, String(remaining)])}
      />
    </>,
  );
}

interface TableProps {
  readonly texts: BankTexts;
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
}

function Table({ texts, caption, head, rows }: TableProps) {
  return (
    <section>
      <h2>{caption}</h2>
      {rows.length === 0 ? (
        <p>{texts.none}</p>
      ) : (
        <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {head.map((cell) => (
                  <th key={cell} scope="col">
                    {cell}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((cells, row) => (
                <tr key={row}>
                  {cells.map((cell, column) => (
                    <td key={column}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export function messagePage(view: PageView, message: string): string {
  return page(view, message, <h1>{message}</h1>);
}

function page({ locale, base }: PageView, title: string, content: ComponentChildren): string {
  const texts = bankTexts(locale);
  const other = locale === 'vi' ? 'en' : 'vi';
  const html = renderToString(
    <html lang={locale}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · ${texts.bank}`}</title>
        <link rel="stylesheet" href={`${base}/style.css`} />
      </head>
      <body>
        <header>
          <p class="strip">{texts.strip}</p>
          <div class="bar">
            <a class="name" href={base}>
              {texts.bank}
            </a>
            <a href={`?lang=${other}`} lang={other} hreflang={other}>
              {texts.otherLanguage}
            </a>
          </div>
        </header>
        <main>{content}</main>
      </body>
    </html>,
  );
  return `<!doctype html>${html}`;
}

/** 09:14:02 22/11/2026, Viet Nam. */
function clock(at: Date): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(hanoiTime(at)) ?? [];
  return `${String(time)} ${String(day)}/${String(month)}/${String(year)}`;
}
