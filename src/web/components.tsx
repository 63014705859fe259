/** The parts of pages. Each is a function from plain values to escaped HTML, without style attributes or handlers. */
import type { ComponentChildren, JSX } from 'preact';
import type { Money } from '../domain/kernel/money.ts';
import { amountInWords } from '../domain/kernel/amount-in-words.ts';
import { amountDigits, moneyFigure, unitWord, type Locale } from './formats.ts';
import { messagesFor, nameIn, type NameInLanguages } from './i18n.ts';
import { CheckIcon, ClockIcon, CrossIcon, StepDot, WarningIcon } from './icons.tsx';
import { moneySentence, moneyTag, type LocaleAndZone, type MoneyState } from './money-sentence.ts';

/** A text of ours whose `**…**` is strong. What stands in its holes is escaped like any text. */
export function Rich({ text }: { text: string }): JSX.Element {
  const parts = text.split('**');
  return <>{parts.map((part, index) => (index % 2 === 1 ? <b key={index}>{part}</b> : part))}</>;
}

/** A name of an agency or place, marked as Vietnamese where an English page has no translation of it. */
export function Name({ name, locale }: { name: NameInLanguages; locale: Locale }): JSX.Element {
  const { text, lang } = nameIn(locale, name);
  return lang === undefined ? <>{text}</> : <span lang={lang}>{text}</span>;
}

/** A text of an agency or the law, which stays Vietnamese on an English page and says so. */
export function Vietnamese({ text, locale }: { text: string; locale: Locale }): JSX.Element {
  return locale === 'vi' ? <>{text}</> : <span lang="vi">{text}</span>;
}

/** The large amount of a page: digits, unit, and the words below when there are any. */
export function Amount({
  amount,
  locale,
  isWithWords = false,
}: {
  amount: Money;
  locale: Locale;
  isWithWords?: boolean;
}): JSX.Element {
  const words = isWithWords ? amountInWords(amount, locale) : null;
  const digits = amountDigits(amount, locale);
  return (
    <>
      <p class={digits.length > LONG_AMOUNT ? 'amount long' : 'amount'}>
        <Groups digits={digits} /> <small>{unitWord(amount, locale)}</small>
      </p>
      {words === null ? null : <p class="words">{words}</p>}
    </>
  );
}

/** From the milliards on, digits are written smaller to stay on one line of a phone. */
const LONG_AMOUNT = '999.999.999'.length;

/** Digits that break after a separator if they must, and never inside a group: half a number is another number. */
function Groups({ digits }: { digits: string }): JSX.Element {
  const groups = digits.split(/(?<=[.,])/);
  return (
    <>
      {groups.map((group, index) => (
        <>
          {index === 0 ? null : <wbr />}
          {group}
        </>
      ))}
    </>
  );
}

/** An amount in a list or table; never breaks before its unit. */
export function Figure({ amount, locale }: { amount: Money; locale: Locale }): JSX.Element {
  return <span class="nowrap">{moneyFigure(amount, locale)}</span>;
}

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'quiet';

const TONE_ICONS: Readonly<Record<Tone, (() => JSX.Element) | null>> = {
  ok: () => <CheckIcon size={14} />,
  warn: () => <ClockIcon size={14} />,
  bad: () => <CrossIcon size={14} />,
  info: () => <ClockIcon size={14} />,
  quiet: null,
};

/** A state in a word, with an icon and a colour, never colour alone. */
export function Tag({ tone, children }: { tone: Tone; children: ComponentChildren }): JSX.Element {
  const ToneIcon = TONE_ICONS[tone];
  return (
    <span class={`tag ${tone}`}>
      {ToneIcon ? <ToneIcon /> : null}
      {children}
    </span>
  );
}

const STATE_TONES: Readonly<Record<MoneyState['kind'], Tone>> = {
  not_paid: 'quiet',
  not_received: 'warn',
  waiting: 'info',
  paid: 'ok',
  failed: 'bad',
  checking: 'info',
  refund_under_way: 'info',
  refunded: 'ok',
  expired: 'warn',
  cancelled: 'quiet',
  amount_differs: 'warn',
};

/** The money sentence alone. A page of a payment holds exactly one of these, or one {@link MoneyStateLine}. */
export function MoneySentence({
  state,
  context,
}: {
  state: MoneyState;
  context: LocaleAndZone;
}): JSX.Element {
  return (
    <p class="money" data-money={state.kind}>
      {moneySentence(state, context)}
    </p>
  );
}

/** Tag and money sentence side by side. */
export function MoneyStateLine({
  state,
  context,
}: {
  state: MoneyState;
  context: LocaleAndZone;
}): JSX.Element {
  return (
    <div class="state">
      <Tag tone={STATE_TONES[state.kind]}>{moneyTag(state, context.locale)}</Tag>
      <MoneySentence state={state} context={context} />
    </div>
  );
}

export interface SummaryRow {
  readonly label: ComponentChildren;
  readonly value: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly link?: { readonly href: string; readonly text: string };
}

/** Facts as a definition list: quiet label, value, perhaps a note and a link. */
export function SummaryList({ rows }: { rows: readonly SummaryRow[] }): JSX.Element {
  return (
    <dl class="summary">
      {rows.map((row, index) => (
        <div key={index}>
          <dt>{row.label}</dt>
          <dd>
            {row.value}
            {row.note === undefined ? null : <small>{row.note}</small>}
            {row.link ? (
              <a class="more" href={row.link.href}>
                {row.link.text}
              </a>
            ) : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export interface MethodOptionParts {
  readonly name: string;
  readonly value: string;
  readonly title: string;
  readonly hint: string;
  readonly isChecked: boolean;
  /** Why it cannot be chosen now; the option stays in its place as text. */
  readonly unavailable?: string;
  readonly isInvalid?: boolean;
}

/** One way to pay: a native radio in a large target, or a text that says why not. */
export function MethodOption(parts: MethodOptionParts): JSX.Element {
  if (parts.unavailable !== undefined) {
    return (
      <div class="method off">
        <span>
          <b>{parts.title}</b>
          <small>{parts.unavailable}</small>
        </span>
      </div>
    );
  }
  return (
    <label class="method">
      <input
        type="radio"
        name={parts.name}
        value={parts.value}
        checked={parts.isChecked}
        aria-invalid={parts.isInvalid === true ? 'true' : undefined}
      />
      <span>
        <b>{parts.title}</b>
        <small>{parts.hint}</small>
      </span>
    </label>
  );
}

export interface TimelineEntry {
  readonly state: 'done' | 'current' | 'todo';
  readonly title: ComponentChildren;
  readonly note: ComponentChildren;
}

/** What has happened, what happens now, what comes: an ordered list with the state of each step in words. */
export function Timeline({
  entries,
  locale,
}: {
  entries: readonly TimelineEntry[];
  locale: Locale;
}): JSX.Element {
  const texts = messagesFor(locale).timeline;
  return (
    <ol class="timeline">
      {entries.map((entry, index) => (
        <li key={index} class={entry.state} aria-current={entry.state === 'current' ? 'step' : undefined}>
          <StepDot state={entry.state} />
          <b>
            {entry.title}
            <span class="vh"> ({texts[entry.state]})</span>
          </b>
          {entry.note === null ? null : <small>{entry.note}</small>}
        </li>
      ))}
    </ol>
  );
}

/** A link that is what to do next; the second beside another is quieter. */
export function Action({
  href,
  text,
  isSecond = false,
}: {
  href: string;
  text: string;
  isSecond?: boolean;
}): JSX.Element {
  return (
    <a class={isSecond ? 'btn second' : 'btn'} href={href}>
      {text}
    </a>
  );
}

/** What is still open, told calmly: the page's heading, facts below it. */
export function WaitPanel({ children }: { children: ComponentChildren }): JSX.Element {
  return <div class="bar">{children}</div>;
}

/** What to mind. The colour repeats what the words say. */
export function WarnPanel({
  tone = 'warn',
  children,
}: {
  tone?: 'warn' | 'bad' | 'ok';
  children: ComponentChildren;
}): JSX.Element {
  return <div class={`bar ${tone}`}>{children}</div>;
}

/** A lookup code in the panel that people photograph; the note says what it is the code of. */
export function CodePanel({
  label,
  code,
  note,
}: {
  label: string;
  code: string;
  note?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="panel">
      <p class="muted small">{label}</p>
      <p class="code code-hero">{code}</p>
      {note === undefined ? null : <p class="small">{note}</p>}
    </div>
  );
}

/** One thing that is wrong with a form, at the field it belongs to. */
export interface FormFault {
  readonly field: string;
  readonly message: string;
}

/** The errors of a form on top of the page, each a link to its field. */
export function ErrorSummary({
  faults,
  locale,
}: {
  faults: readonly FormFault[];
  locale: Locale;
}): JSX.Element | null {
  if (faults.length === 0) return null;
  return (
    <div class="errors" role="alert" tabIndex={-1} aria-labelledby="errors-title">
      <h2 id="errors-title">{messagesFor(locale).errors.summary}</h2>
      <ul>
        {faults.map(({ field, message }) => (
          <li key={field}>
            <a href={`#${field}`}>{message}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A fault's own words, beside its field. */
export function ErrorText({ id, message }: { id: string; message: string }): JSX.Element {
  return (
    <p class="error-text" id={id}>
      <WarningIcon />
      {message}
    </p>
  );
}

export interface FieldParts {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly faults: readonly FormFault[];
  readonly type?: 'text' | 'email' | 'tel' | 'date' | 'password';
  readonly autocomplete?: string;
  readonly maxLength?: number;
  /** Brings up the keyboard with digits; anything can still be typed. */
  readonly isNumeric?: boolean;
}

/** One labelled text field; hint and error are part of its description. */
export function Field(parts: FieldParts): JSX.Element {
  const fault = parts.faults.find(({ field }) => field === parts.name);
  const describedBy = [
    parts.hint === undefined ? '' : `${parts.name}-hint`,
    fault ? `${parts.name}-error` : '',
  ].filter(Boolean);
  // Preact types each kind of input apart because of its role; here the kind is known at run time only.
  const kind: object = { type: parts.type ?? 'text' };
  return (
    <div class="field">
      <label for={parts.name}>{parts.label}</label>
      {parts.hint === undefined ? null : (
        <p class="hint" id={`${parts.name}-hint`}>
          {parts.hint}
        </p>
      )}
      {fault ? <ErrorText id={`${parts.name}-error`} message={fault.message} /> : null}
      <input
        {...kind}
        id={parts.name}
        name={parts.name}
        value={parts.value}
        autocomplete={parts.autocomplete ?? 'off'}
        inputMode={parts.isNumeric === true ? 'numeric' : undefined}
        spellcheck={false}
        maxLength={parts.maxLength ?? 200}
        aria-invalid={fault ? 'true' : undefined}
        aria-describedby={describedBy.length > 0 ? describedBy.join(' ') : undefined}
      />
    </div>
  );
}

/** A fact to compare or copy into a bank app; the button appears only where script runs. */
export function CopyRow({
  label,
  value,
  copies,
  isCode = false,
  locale,
}: {
  label: string;
  value: string;
  /** What the button copies when that differs from what is shown. */
  copies?: string;
  isCode?: boolean;
  locale: Locale;
}): JSX.Element {
  const texts = messagesFor(locale).handOff;
  return (
    <div>
      <dt>{label}</dt>
      <dd class="copy">
        <span class={isCode ? 'code' : undefined}>{value}</span>
        <button
          type="button"
          class="btn second small"
          data-copy={copies ?? value}
          data-copied={`${texts.copied}: ${label}`}
          aria-label={texts.copyWhat(label)}
          hidden
        >
          {texts.copy}
        </button>
      </dd>
    </div>
  );
}
