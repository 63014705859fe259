/** The page of a sandbox agency's inbox: what arrived, whether it verified, and switches for its manners. */
import { standInDocument } from '../stand-in-page.tsx';
import { hanoiClock, type StandInLocale } from '../stand-in-texts.ts';
import { INBOX_MANNERS, type Inbox, type InboxManner, type InboxMessage } from './inbox-store.ts';

const VI = {
  title: (code: string) => `Hộp thư webhook của cơ quan ${code}`,
  strip: 'Hộp thư giả lập của một cơ quan, để thử nghiệm.',
  otherLanguage: 'English',
  answer: 'Hộp thư đang trả lời',
  manners: { ok: '204: đã nhận', error: '500: lỗi', slow: 'trả lời rất chậm', gone: '410: không còn nhận' },
  change: 'Đổi cách trả lời',
  none: 'Chưa nhận được gì.',
  noSecret: 'Chưa có khóa bí mật: không thông báo nào được xác thực.',
  head: ['Nhận lúc', 'Sự kiện', 'Thứ tự', 'Mã webhook', 'Chữ ký', 'Trả lời'],
  verified: 'đúng',
  unverified: 'SAI',
};

const EN: typeof VI = {
  title: (code) => `Webhook inbox of agency ${code}`,
  strip: "A pretend agency's inbox, for trying things out.",
  otherLanguage: 'Tiếng Việt',
  answer: 'The inbox answers',
  manners: { ok: '204: received', error: '500: error', slow: 'very slowly', gone: '410: gone' },
  change: 'Change the answer',
  none: 'Nothing has arrived.',
  noSecret: 'There is no secret yet: nothing that arrives can verify.',
  head: ['Received', 'Event', 'Sequence', 'Webhook id', 'Signature', 'Answer'],
  verified: 'good',
  unverified: 'BAD',
};

export interface InboxView {
  readonly locale: StandInLocale;
  /** Path of this inbox. */
  readonly path: string;
  readonly stylePath: string;
  readonly inbox: Inbox;
  readonly messages: readonly InboxMessage[];
}

export function inboxPage(view: InboxView): string {
  const { locale, inbox, messages } = view;
  const texts = locale === 'en' ? EN : VI;
  const other = locale === 'vi' ? 'en' : 'vi';
  const title = texts.title(inbox.agencyCode);
  return standInDocument(
    { locale, title, stylePath: view.stylePath, strip: texts.strip },
    <>
      <p>
        <a href={`?lang=${other}`} lang={other} hreflang={other}>
          {texts.otherLanguage}
        </a>
      </p>
      <h1>{title}</h1>
      {inbox.secrets.length === 0 ? <p class="bad">{texts.noSecret}</p> : null}
      <form method="post" action={`${view.path}/manner`}>
        <label for="manner">{texts.answer}</label>
        <select id="manner" name="manner">
          {INBOX_MANNERS.map((manner: InboxManner) => (
            <option key={manner} value={manner} selected={manner === inbox.manner}>
              {texts.manners[manner]}
            </option>
          ))}
        </select>
        <button type="submit">{texts.change}</button>
      </form>
      {messages.length === 0 ? (
        <p>{texts.none}</p>
      ) : (
        <Messages messages={messages} texts={texts} title={title} />
      )}
    </>,
  );
}

interface MessagesProps {
  readonly messages: readonly InboxMessage[];
  readonly texts: typeof VI;
  readonly title: string;
}

function Messages({ messages, texts, title }: MessagesProps) {
  return (
    <div class="scroll" role="region" aria-label={title} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {texts.head.map((cell) => (
              <th key={cell} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {messages.toReversed().map((message, row) => (
            <tr key={row}>
              <td>{hanoiClock(message.receivedAt)}</td>
              <td>
                <details>
                  <summary>{message.eventType ?? '–'}</summary>
                  <pre>{message.body}</pre>
                </details>
              </td>
              <td>{message.sequence?.toString() ?? '–'}</td>
              <td>{message.webhookId ?? '–'}</td>
              <td class={message.verified ? 'good' : 'bad'}>
                {message.verified ? texts.verified : texts.unverified}
              </td>
              <td>{String(message.answerStatus)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export const INBOX_STYLE = `
:root { --ink: #14261c; --line: #d3ddd7; --line-strong: #6c7d73; --own: #1c5b46; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: #fff; }
.strip { margin: 0; padding: 10px 16px; background: #fff3d6; color: #5c3800; border-bottom: 1px solid #d99a1c; font-weight: 600; }
main { max-width: 1100px; margin: 0 auto; padding: 12px 16px 48px; }
h1 { font-size: 26px; line-height: 1.3; margin: 8px 0 16px; }
a { color: var(--own); }
form { max-width: 420px; margin: 0 0 24px; }
label { display: block; margin-bottom: 4px; }
select, button { width: 100%; min-height: 48px; padding: 8px 12px; margin-bottom: 8px; font: inherit; color: inherit; background: #fff; border: 1px solid var(--line-strong); border-radius: 10px; }
button { font-weight: 600; color: var(--own); border-color: var(--own); cursor: pointer; }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; background-color: #ffc53d; color: var(--ink); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th, td { text-align: left; vertical-align: top; padding: 8px 12px 8px 0; border-bottom: 1px solid var(--line); }
pre { max-width: 60ch; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; }
.good { color: #0e6b3d; }
.bad { color: #b3141d; font-weight: 700; }
`;
