/** Which language a visitor gets, and that both languages say everything. */
import assert from 'node:assert/strict';
import { chooseLocale, messagesFor, nameIn, pathInLocale } from '../../src/web/i18n.ts';

const hints = (query: unknown, cookie?: string, acceptLanguage?: string) => ({
  query,
  cookie,
  acceptLanguage,
});

describe('the language of a page', () => {
  const table = [
    ['the address before all', hints('en', 'vi', 'vi'), 'en'],
    ['the cookie before the browser', hints(undefined, 'en', 'vi'), 'en'],
    ['the browser', hints(undefined, undefined, 'en-GB,en;q=0.9,vi;q=0.8'), 'en'],
    ['the browser by weight', hints(undefined, undefined, 'en;q=0.5, vi;q=0.9'), 'vi'],
    ['no language of weight 0', hints(undefined, undefined, 'en;q=0'), 'vi'],
    ['Vietnamese for any other', hints(undefined, undefined, 'fr-FR,de'), 'vi'],
    ['Vietnamese when nothing is said', hints(undefined), 'vi'],
    ['the cookie when the address is nonsense', hints('<script>', 'en', 'vi'), 'en'],
    ['the cookie when the address says it twice', hints(['en', 'vi'], 'vi', 'en'), 'vi'],
    ['the browser when the cookie is nonsense', hints(undefined, 'xx', 'en'), 'en'],
  ] as const;
  for (const [what, given, expected] of table) {
    it(`follows ${what}`, () => assert.equal(chooseLocale(given), expected));
  }

  it('is switched on the same page with the same query', () => {
    assert.equal(pathInLocale('/pay/a?x=1&y=%C3%A9', 'en'), '/pay/a?x=1&y=%C3%A9&lang=en');
    assert.equal(pathInLocale('/pay/a?lang=en#top', 'vi'), '/pay/a?lang=vi');
    assert.equal(pathInLocale('/pay', 'en'), '/pay?lang=en');
  });

  it('marks a name as Vietnamese where it has no translation', () => {
    assert.deepEqual(nameIn('en', { nameVi: 'Sở', nameEn: null }), { text: 'Sở', lang: 'vi' });
    assert.deepEqual(nameIn('en', { nameVi: 'Sở', nameEn: 'Dept' }), { text: 'Dept', lang: undefined });
    assert.deepEqual(nameIn('vi', { nameVi: 'Sở', nameEn: 'Dept' }), { text: 'Sở', lang: undefined });
  });
});

/** Every text with its key; functions are called with recognisable holes. */
function texts(node: unknown, path: string): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  if (typeof node === 'function') {
    const holes = Array.from({ length: node.length }, (_, index) => `‹${index}›`);
    return [[path, (node as (...given: string[]) => string)(...holes)]];
  }
  return Object.entries(node as object).flatMap(([key, value]) => texts(value, `${path}.${key}`));
}

describe('the texts', () => {
  const vi = new Map(texts(messagesFor('vi'), ''));
  const en = new Map(texts(messagesFor('en'), ''));

  it('have the same keys in both languages, none of them empty', () => {
    assert.deepEqual([...en.keys()].sort(), [...vi.keys()].sort());
    for (const [key, text] of [...vi, ...en]) assert.notEqual(text.trim(), '', key);
  });

  it('fill the same holes in both languages', () => {
    for (const [key, text] of vi) {
      const holes = (said: string) => [...new Set(said.match(/‹\d›/g))].sort();
      assert.deepEqual(holes(en.get(key) ?? ''), holes(text), key);
    }
  });

  it('are in one Unicode form, with emphasis that is closed', () => {
    for (const [key, text] of [...vi, ...en]) {
      assert.equal(text, text.normalize('NFC'), key);
      assert.equal(text.split('**').length % 2, 1, key);
    }
  });

  it('keep to the house words', () => {
    for (const [key, text] of vi) {
      assert.doesNotMatch(text, /vui lòng thử lại sau|lỗi hệ thống|giao dịch thất bại|hóa đơn|!/i, key);
      assert.doesNotMatch(text, /^(OK|Xác nhận|Đóng)$/, key);
      assert.doesNotMatch(text, /\b(payment|receipt|pay|bank|amount|please)\b/i, key);
    }
    for (const [key, text] of en) assert.doesNotMatch(text, /\bOops\b|!|please try again later/i, key);
  });

  it('have sentences of at most 25 words', () => {
    for (const [key, text] of [...vi, ...en]) {
      for (const sentence of text.split(/[.?;:]\s/)) {
        assert.ok(sentence.split(/\s+/).length <= 25, `${key}: ${sentence}`);
      }
    }
  });
});
