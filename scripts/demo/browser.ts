/** A browser without JavaScript: keeps cookies, follows redirects, fills in forms and sends them. */
import { expect, surprise } from './narration.ts';

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
}

export interface Form {
  /** Where it goes, in full. */
  readonly action: string;
  /** What it would send as it stands: hidden fields, choices made already. */
  readonly fields: Readonly<Record<string, string>>;
  readonly html: string;
}

export interface Browser {
  open(url: string): Promise<Page>;
  /** Sends a form as its page's button would, with some fields filled in. */
  send(page: Page, form: Form, filledIn?: Readonly<Record<string, string>>): Promise<Page>;
}

const MOST_REDIRECTS = 10;

export function openBrowser(): Browser {
  const jar = new Map<string, Map<string, string>>();

  const ask = async (url: string, body: URLSearchParams | null, from: string | null): Promise<Response> => {
    const { origin } = new URL(url);
    const cookies = [...(jar.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      method: body ? 'POST' : 'GET',
      body,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        'accept-language': 'en',
        ...(cookies === '' ? {} : { cookie: cookies }),
        ...(from === null ? {} : { referer: from }),
      },
    });
    const kept = jar.get(origin) ?? new Map<string, string>();
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) kept.set(name, value);
    }
    jar.set(origin, kept);
    return answer;
  };

  const follow = async (url: string, body: URLSearchParams | null, from: string | null): Promise<Page> => {
    let at = url;
    let answer = await ask(at, body, from);
    for (let redirects = 0; answer.status >= 300 && answer.status < 400; redirects += 1) {
      const location = answer.headers.get('location');
      await answer.arrayBuffer();
      expect(
        location !== null && redirects < MOST_REDIRECTS,
        `${url} to lead to a page`,
        'redirects led nowhere',
      );
      at = new URL(location, at).href;
      answer = await ask(at, null, from);
    }
    return { url: at, status: answer.status, html: await answer.text() };
  };

  return {
    open: (url) => follow(url, null, null),
    send: (page, form, filledIn = {}) =>
      follow(form.action, new URLSearchParams({ ...form.fields, ...filledIn }), page.url),
  };
}

/** The first form of a page that holds a text; a surprise when there is none. */
export function formWith(page: Page, text: string): Form {
  const form = formsOf(page).find(({ html }) => html.includes(text));
  return form ?? surprise(`a form with ${text} at ${page.url}`, `there was a page titled "${titleOf(page)}"`);
}

export function formsOf({ html, url }: Page): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head = '', inside = '']) => {
    const action = attribute(head, 'action');
    const inputs = [...inside.matchAll(/<input\b([^>]*)>/g)].map(([, tag = '']) => tag);
    const fields = inputs.flatMap((tag): [string, string][] => {
      const name = attribute(tag, 'name');
      const isChoice = /\btype="?(radio|checkbox)/.test(tag);
      if (name === null || (isChoice && !/\schecked\b/.test(tag))) return [];
      return [[name, attribute(tag, 'value') ?? '']];
    });
    return {
      action: new URL(action ?? url, url).href,
      fields: Object.fromEntries(fields),
      html: inside,
    };
  });
}

export function titleOf({ html }: Page): string {
  return unescaped(/<title>([^<]*)<\/title>/.exec(html)?.[1] ?? '');
}

function attribute(tag: string, name: string): string | null {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? null : unescaped(value);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function unescaped(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_whole, name: string) => ENTITIES[name] ?? '');
}
