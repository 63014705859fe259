/** What an attacker, a proxy or a bug may do to a message on its way: every edit as a message of its own. */
import type { RawMessage } from '../../src/gateways/gateway-adapter.ts';

export interface Tampered {
  readonly message: RawMessage;
  readonly what: string;
}

/** Each bit of the lowest place flipped, one at a time, in the query, the body and every header's value. */
export function flips(message: RawMessage): Tampered[] {
  const flip = (byte: number | undefined): number => (byte ?? 0) ^ 1;
  const inQuery = [...Buffer.from(message.query)].map((byte, index) => {
    const bytes = Buffer.from(message.query);
    bytes[index] = flip(byte);
    return { message: { ...message, query: bytes.toString('latin1') }, what: `byte ${index} of the query` };
  });
  const inBody = [...message.body].map((byte, index) => {
    const body = Uint8Array.from(message.body);
    body[index] = flip(byte);
    return { message: { ...message, body }, what: `byte ${index} of the body` };
  });
  const inHeaders = [...message.headers].flatMap(([name, [value = '']]) =>
    [...Buffer.from(value)].map((byte, index) => {
      const bytes = Buffer.from(value);
      bytes[index] = flip(byte);
      const headers = new Map([...message.headers, [name, [bytes.toString('latin1')]] as const]);
      return { message: { ...message, headers }, what: `byte ${index} of header ${name}` };
    }),
  );
  return [...inQuery, ...inBody, ...inHeaders];
}

/** Each of the values, wherever it stands, with its last character changed. */
export function alterations(message: RawMessage, values: readonly string[]): Tampered[] {
  const body = Buffer.from(message.body).toString('utf8');
  return values.flatMap((value) => {
    const other = value.slice(0, -1) + (value.endsWith('7') ? '8' : '7');
    const altered = {
      ...message,
      query: message.query.replace(value, other),
      body: Buffer.from(body.replace(value, other)),
    };
    const isChanged = altered.query !== message.query || !altered.body.equals(message.body);
    return isChanged ? [{ message: altered, what: `${value} edited` }] : [];
  });
}

/** Without one query parameter, form field, top-level JSON member or header. */
export function withEachPartDropped(message: RawMessage): Tampered[] {
  return [
    ...droppedOf(message.query, (query) => ({ ...message, query })),
    ...droppedOf(formOf(message), (body) => ({ ...message, body: Buffer.from(body) })),
    ...Object.keys(membersOf(message) ?? {}).map((name) => {
      const { [name]: _dropped, ...rest } = membersOf(message) ?? {};
      return { message: { ...message, body: Buffer.from(JSON.stringify(rest)) }, what: `without ${name}` };
    }),
    ...[...message.headers.keys()].map((name) => {
      const headers = new Map([...message.headers].filter(([key]) => key !== name));
      return { message: { ...message, headers }, what: `without header ${name}` };
    }),
  ];
}

/** With one query parameter, form field, top-level JSON member or header twice, with another value, before and after. */
export function withEachPartDoubled(message: RawMessage): Tampered[] {
  return [
    ...doubledOf(message.query, (query) => ({ ...message, query })),
    ...doubledOf(formOf(message), (body) => ({ ...message, body: Buffer.from(body) })),
    ...Object.keys(membersOf(message) ?? {}).flatMap((name) => {
      const text = Buffer.from(message.body).toString('utf8').trim();
      const extra = `${JSON.stringify(name)}:"7"`;
      return [`{${extra},${text.slice(1)}`, `${text.slice(0, -1)},${extra}}`].map((body) => ({
        message: { ...message, body: Buffer.from(body) },
        what: `${name} twice`,
      }));
    }),
    ...[...message.headers].flatMap(([name, values]) =>
      [
        [...values, 'x'],
        ['x', ...values],
        [...values, ...values],
      ].map((doubled) => ({
        message: { ...message, headers: new Map([...message.headers, [name, doubled] as const]) },
        what: `header ${name} twice`,
      })),
    ),
  ];
}

function droppedOf(pairs: string, make: (pairs: string) => RawMessage): Tampered[] {
  const parts = pairs === '' ? [] : pairs.split('&');
  return parts.map((part, index) => ({
    message: make(parts.filter((_part, at) => at !== index).join('&')),
    what: `without ${part}`,
  }));
}

function doubledOf(pairs: string, make: (pairs: string) => RawMessage): Tampered[] {
  const parts = pairs === '' ? [] : pairs.split('&');
  return parts.flatMap((part) => {
    const extra = `${part.split('=')[0] ?? ''}=7`;
    return [
      [...parts, extra],
      [extra, ...parts],
      [...parts, part],
    ].map((doubled) => ({
      message: make(doubled.join('&')),
      what: `${part} twice`,
    }));
  });
}

/** The body where it is a form; empty where it is anything else. */
function formOf({ body }: RawMessage): string {
  const text = Buffer.from(body).toString('utf8');
  return text.startsWith('{') || text.startsWith('[') ? '' : text;
}

function membersOf({ body }: RawMessage): Record<string, unknown> | null {
  const text = Buffer.from(body).toString('utf8');
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : null;
}
