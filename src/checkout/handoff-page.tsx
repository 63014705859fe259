/** C07, the way to the bank: a link, a form, or a QR code with the facts to compare. Opens nothing without the citizen. */
import type { JSX } from 'preact';
import { formatLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { HandOff } from '../domain/payments/hand-off.ts';
import { CodePanel, CopyRow, Rich, WarnPanel } from '../web/components.tsx';
import { bankName, instantFormat, moneyText } from '../web/formats.ts';
import { HiddenFields } from '../web/forms.tsx';
import { messagesFor } from '../web/i18n.ts';
import { DownloadIcon } from '../web/icons.tsx';
import { citizenPage, type PageContext } from '../web/page.tsx';
import { QrCode } from '../web/qr-code.tsx';

/**
 * A payment that was handed off. A `redirect` normally needs no page (303 at once); this one is for gateways that
 * are slow to answer. The page carries no money sentence: the citizen has yet to approve anything.
 */
export interface HandOffView {
  readonly handOff: HandOff;
  readonly amount: Money;
  /** What came before, when `amount` is the rest of a short transfer. */
  readonly received?: Money;
  readonly gatewayName: string;
  readonly lookupCode: LookupCode;
  /** The payment's status page, where the citizen returns to. */
  readonly statusHref: string;
  /** The QR code as a picture to keep. */
  readonly imageHref: string;
  readonly backHref: string | null;
  /** Tells how many minutes the QR code still lives. */
  readonly now: Date;
}

export function handOffPage(view: HandOffView, context: PageContext): string {
  const { handOff } = view;
  return handOff.kind === 'qr_transfer'
    ? transferPage(view, handOff, context)
    : onwardPage(view, handOff, context);
}

function onwardPage(
  view: HandOffView,
  handOff: Exclude<HandOff, { kind: 'qr_transfer' }>,
  context: PageContext,
): string {
  const texts = messagesFor(context.locale);
  const title = texts.handOff.redirectTitle(view.gatewayName);
  const onward = texts.handOff.continueTo(view.gatewayName);
  return citizenPage(context, {
    title,
    backHref: view.backHref,
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">
          <Rich text={texts.handOff.redirectBody(view.gatewayName, moneyText(view.amount, context.locale))} />
        </p>
        {handOff.kind === 'redirect' ? (
          <a class="btn" href={handOff.url} data-follow-at-once rel="noreferrer">
            {onward}
          </a>
        ) : (
          <form method="post" action={handOff.url} data-submit-at-once>
            <HiddenFields fields={handOff.fields} />
            <button class="btn" type="submit">
              {onward}
            </button>
          </form>
        )}
        <p>{texts.handOff.returnHere}</p>
        <CodePanel label={texts.waiting.code} code={formatLookupCode(view.lookupCode)} />
        <ul class="links">
          <li>
            <a href={view.statusHref}>{texts.handOff.seeResult}</a>
          </li>
        </ul>
      </>
    ),
  });
}

function transferPage(
  view: HandOffView,
  handOff: Extract<HandOff, { kind: 'qr_transfer' }>,
  context: PageContext,
): string {
  const texts = messagesFor(context.locale).handOff;
  const amount = moneyText(view.amount, context.locale);
  const title = texts.qrTitle(amount);
  const { time } = instantFormat(context.timeZone, context.locale);
  const minutesLeft = Math.max(0, Math.floor((handOff.expiresAt.getTime() - view.now.getTime()) / 60_000));
  return citizenPage(context, {
    title,
    backHref: view.backHref,
    scripts: ['copy.js'],
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">
          <Rich text={texts.validUntil(time(handOff.expiresAt), minutesLeft)} />
        </p>
        <section aria-labelledby="scan">
          <h2 id="scan">{texts.scan}</h2>
          <div class="qr-hero">
            <QrCode content={handOff.qrPayload} label={texts.qrLabel(amount, handOff.transferText)} />
          </div>
          <p class="muted small">{texts.scanHint}</p>
          <a class="btn second" href={view.imageHref} download>
            <DownloadIcon />
            {texts.saveImage}
          </a>
        </section>
        <TransferFacts view={view} handOff={handOff} context={context} />
        <a class="btn" href={view.statusHref}>
          {texts.seeResult}
        </a>
      </>
    ),
  });
}

function TransferFacts({
  view,
  handOff,
  context: { locale, site },
}: {
  view: HandOffView;
  handOff: Extract<HandOff, { kind: 'qr_transfer' }>;
  context: PageContext;
}): JSX.Element {
  const { handOff: texts, differs } = messagesFor(locale);
  return (
    <section aria-labelledby="check">
      <h2 id="check">{texts.check}</h2>
      <dl class="summary">
        {view.received === undefined ? null : (
          <div>
            <dt>{differs.received}</dt>
            <dd>{moneyText(view.received, locale)}</dd>
          </div>
        )}
        <div>
          <dt>{texts.recipient}</dt>
          <dd>
            <b>{bankName(handOff.beneficiaryName)}</b>
          </dd>
        </div>
        <div>
          <dt>{texts.bank}</dt>
          <dd>{handOff.bankName}</dd>
        </div>
        <CopyRow label={texts.account} value={handOff.accountNumber} isCode locale={locale} />
        <CopyRow
          label={texts.amount}
          value={moneyText(view.amount, locale)}
          copies={view.amount.amountMinor.toString()}
          locale={locale}
        />
        <CopyRow label={texts.content} value={handOff.transferText} isCode locale={locale} />
      </dl>
      <p id="copied" class="vh" role="status" />
      <WarnPanel>
        <p>
          <Rich text={texts.stop(site.supportPhone)} />
        </p>
      </WarnPanel>
    </section>
  );
}
