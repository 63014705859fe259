/** The shell around every page: official strip, header, one main column, help. A page is a string of HTML. */
import type { ComponentChildren, JSX } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { SITE_CSS, assetUrl, type AssetName } from './assets.ts';
import { Rich } from './components.tsx';
import { messagesFor, nameIn, pathInLocale, type Locale, type NameInLanguages } from './i18n.ts';
import { BackIcon, Mark, ShieldIcon } from './icons.tsx';

export { inlineStyleHash } from './assets.ts';

/** What is true of the whole installation. */
export interface SiteFacts {
  /** The end of every genuine address, such as `dichvucong.gov.vn`. */
  readonly domain: string;
  readonly supportPhone: string;
  readonly supportHours: string;
  /** Who runs the service, under its name. */
  readonly operator: NameInLanguages;
  /** Shows the strip that says that no real money moves. */
  readonly isSandbox: boolean;
}

/** What every page view needs beside its own view model. */
export interface PageContext {
  readonly site: SiteFacts;
  readonly locale: Locale;
  /** The installation's business time zone; every clock time on a page is written in it. */
  readonly timeZone: string;
  /** Path and query of the page, for the link to the other language. It must answer to GET. */
  readonly path: string;
}

export interface PageParts {
  /** The same words as the page's only h1. */
  readonly title: string;
  readonly children: ComponentChildren;
  readonly backHref?: string | null;
  /** The page shows an error summary, and its title says so. */
  readonly hasErrors?: boolean;
  readonly scripts?: readonly AssetName[];
}

/** A citizen's page: one column of at most 640 px. */
export function citizenPage(context: PageContext, parts: PageParts): string {
  const texts = messagesFor(context.locale);
  return document(
    context,
    parts,
    <body>
      <SkipLink context={context} />
      <OfficialStrip context={context} />
      <SandboxStrip context={context} />
      <Masthead context={context} homeHref="/pay" />
      <main id="main" class="wrap" tabIndex={-1}>
        {parts.backHref ? (
          <a class="back" href={parts.backHref}>
            <BackIcon />
            {texts.shell.back}
          </a>
        ) : null}
        {parts.children}
      </main>
      <HelpFooter context={context} />
    </body>,
  );
}

export interface StaffPageParts extends PageParts {
  readonly menu?: readonly { readonly href: string; readonly label: string; readonly isCurrent: boolean }[];
}

/** A page for people at work (finance, sandbox): wide, dense, with its own style sheet. */
export function staffPage(context: PageContext, parts: StaffPageParts): string {
  return document(
    context,
    parts,
    <body class="staff">
      <SkipLink context={context} />
      <SandboxStrip context={context} />
      <Masthead context={context} homeHref="/console" />
      {parts.menu ? (
        <nav class="nav wrap" aria-label={messagesFor(context.locale).shell.menu}>
          <ul>
            {parts.menu.map((entry) => (
              <li key={entry.href}>
                <a href={entry.href} aria-current={entry.isCurrent ? 'page' : undefined}>
                  {entry.label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      ) : null}
      <main id="main" class="wrap" tabIndex={-1}>
        {parts.children}
      </main>
    </body>,
    <link rel="stylesheet" href={assetUrl('staff.css')} />,
  );
}

/** Why a page could not be shown. Carries no stack, no secret and no personal data. */
export type PageError =
  | { readonly kind: 'not_found' }
  | { readonly kind: 'fault'; readonly incident: string }
  | { readonly kind: 'form_stale'; readonly reopenHref: string }
  /** A page of people at work, and nobody has signed in who may see it. */
  | { readonly kind: 'sign_in' }
  | { readonly kind: 'limited'; readonly minutes: number }
  | { readonly kind: 'unavailable'; readonly minutes: number; readonly incident: string };

/** The page of an error: what happened, what of the money holds whatever happened, what to do, whom to call. */
export function errorPage(context: PageContext, error: PageError): string {
  const texts = messagesFor(context.locale);
  const { title, body } = errorTexts(error, context.locale);
  const isFault = error.kind === 'fault' || error.kind === 'unavailable';
  return citizenPage(context, {
    title,
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">
          <Rich text={body} />
        </p>
        {isFault ? (
          <p>
            <Rich text={texts.errors.moneyAtBankOnly} />
          </p>
        ) : null}
        {error.kind === 'unavailable' ? <p>{texts.errors.incident(error.incident)}</p> : null}
        {error.kind === 'sign_in' ? null : error.kind === 'form_stale' ? (
          <>
            <a class="btn" href={error.reopenHref}>
              {texts.errors.reopen}
            </a>
            <p class="muted">{texts.errors.formStaleAgain}</p>
          </>
        ) : (
          <ul class="links">
            <li>
              <a href="/pay">{texts.shell.findDue}</a>
            </li>
            <li>
              <a href="/verify">{texts.shell.verify}</a>
            </li>
          </ul>
        )}
      </>
    ),
  });
}

function errorTexts(error: PageError, locale: Locale): { title: string; body: string } {
  const texts = messagesFor(locale).errors;
  switch (error.kind) {
    case 'not_found':
      return { title: texts.notFoundTitle, body: texts.notFound };
    case 'fault':
      return { title: texts.faultTitle, body: texts.fault(error.incident) };
    case 'form_stale':
      return { title: texts.formStaleTitle, body: texts.formStale };
    case 'sign_in':
      return { title: texts.signInTitle, body: texts.signIn };
    case 'limited':
      return { title: texts.limitedTitle, body: texts.limited(error.minutes) };
    case 'unavailable':
      return { title: texts.unavailableTitle, body: texts.unavailable(error.minutes) };
  }
}

function document(
  context: PageContext,
  parts: PageParts,
  body: JSX.Element,
  head: JSX.Element | null = null,
): string {
  const texts = messagesFor(context.locale).shell;
  const title = parts.hasErrors === true ? texts.errorTitle(parts.title) : parts.title;
  return `<!doctype html>${renderToStaticMarkup(
    <html lang={context.locale}>
      <head>
        <meta charset="utf-8" />
        <title>{`${title} – ${texts.name}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="format-detection" content="telephone=no" />
        <meta name="theme-color" content="#8f1d21" />
        <link rel="icon" type="image/svg+xml" href={assetUrl('mark.svg')} />
        {/* Our own constant, allowed by its hash; the only raw HTML of all pages. */}
        <style dangerouslySetInnerHTML={{ __html: SITE_CSS }} />
        {head}
        {['forms.js' as const, ...(parts.scripts ?? [])].map((script) => (
          <script key={script} type="module" src={assetUrl(script)} />
        ))}
      </head>
      {body}
    </html>,
  )}`;
}

function SkipLink({ context }: { context: PageContext }): JSX.Element {
  return (
    <a class="skip" href="#main">
      {messagesFor(context.locale).shell.skip}
    </a>
  );
}

function OfficialStrip({ context: { locale, site } }: { context: PageContext }): JSX.Element {
  const texts = messagesFor(locale).shell;
  return (
    <aside aria-label={texts.officialSite}>
      <details class="strip">
        <summary class="wrap">
          <span>
            <ShieldIcon />
            {texts.officialSite}
          </span>
          <span class="how">{texts.howToTell}</span>
        </summary>
        <p class="wrap">
          <Rich text={texts.stripPanel(site.domain, site.supportPhone)} />
        </p>
      </details>
    </aside>
  );
}

function SandboxStrip({ context: { locale, site } }: { context: PageContext }): JSX.Element | null {
  if (!site.isSandbox) return null;
  return (
    <aside class="sandbox" aria-label={messagesFor(locale).shell.sandboxNotice}>
      <p class="wrap">{messagesFor(locale).shell.sandbox}</p>
    </aside>
  );
}

function Masthead({ context, homeHref }: { context: PageContext; homeHref: string }): JSX.Element {
  const texts = messagesFor(context.locale).shell;
  const other: Locale = context.locale === 'vi' ? 'en' : 'vi';
  const operator = nameIn(context.locale, context.site.operator);
  return (
    <header class="masthead">
      <div class="wrap">
        <a class="brand" href={homeHref}>
          <Mark />
          <span class="names">
            <b>{texts.name}</b>
            <small lang={operator.lang}>{operator.text}</small>
          </span>
        </a>
        <a class="language" href={pathInLocale(context.path, other)} lang={other} hreflang={other}>
          {texts.otherLanguage}
        </a>
      </div>
    </header>
  );
}

function HelpFooter({ context: { locale, site } }: { context: PageContext }): JSX.Element {
  const texts = messagesFor(locale).shell;
  return (
    <footer class="site-foot">
      <div class="wrap">
        <p>
          <b>
            {texts.help}{' '}
            <a class="nowrap" href={`tel:${site.supportPhone.replaceAll(/[^+\d]/g, '')}`}>
              {site.supportPhone}
            </a>
          </b>{' '}
          {texts.helpTerms(site.supportHours)}
        </p>
        <ul aria-label={texts.footerLinks}>
          <li>
            <a href="/pay">{texts.findDue}</a>
          </li>
          <li>
            <a href="/verify">{texts.verify}</a>
          </li>
        </ul>
      </div>
    </footer>
  );
}
