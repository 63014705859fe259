/** A visitor with a browser's memory: keeps cookies, reads forms, and follows nothing by itself. */
import request, { type Response } from 'supertest';
import type { Express } from 'express';

export interface Visitor {
  get(path: string): Promise<Response>;
  post(path: string, fields: Readonly<Record<string, string>>): Promise<Response>;
  /** Follows answers of 303 on our own pages until a page comes. */
  follow(answer: Response): Promise<Response>;
}

export function visitor(app: Express, headers: Readonly<Record<string, string>> = {}): Visitor {
  const agent = request.agent(app);
  const get = (path: string) => agent.get(path).set(headers);
  return {
    get: async (path) => get(path),
    post: async (path, fields) => agent.post(path).set(headers).type('form').send(fields),
    async follow(answer) {
      let last = answer;
      for (let steps = 0; last.status === 303 && steps < 6; steps += 1) last = await get(locationOf(last));
      return last;
    },
  };
}

export function locationOf(answer: Response): string {
  return String(answer.headers['location']);
}

/** The hidden fields of a page's form. */
export function hiddenFields(html: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, name = '', value = ''] of html.matchAll(
    /<input type="hidden" name="([^"]*)" value="([^"]*)"/g,
  )) {
    fields[name] = value;
  }
  return fields;
}

/** The states of the money sentences on a page. */
export function moneyStates(html: string): string[] {
  return [...html.matchAll(/data-money="(\w+)"/g)].map(([, state = '']) => state);
}
