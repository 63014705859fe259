/** What the doors of other parties do alike: their look, the language asked for, and levers for programs. */
import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import { STAND_IN_STYLE } from './stand-in-style.ts';
import type { StandInLocale } from './stand-in-texts.ts';

export function addStyle(router: Router): void {
  router.get('/style.css', (_request, response) => {
    response.type('text/css').set('cache-control', 'public, max-age=300').send(STAND_IN_STYLE);
  });
}

/** The language and the path of a page; `?lang=` wins over the usual language. */
export function pageView(
  { query, baseUrl }: Pick<Request, 'query' | 'baseUrl'>,
  usual: StandInLocale,
): { readonly locale: StandInLocale; readonly base: string } {
  const asked = query['lang'];
  return { locale: asked === 'vi' || asked === 'en' ? asked : usual, base: baseUrl };
}

export interface Levers {
  readonly router: Router;
  /** A POST with a JSON body; null from `work` is 404. */
  readonly lever: <Body>(
    path: string,
    shape: z.ZodType<Body>,
    work: (body: Body) => Promise<object | null>,
  ) => void;
}

/** Levers by which programs decide in a payer's place, play faults and have sent what is due. */
export function createLevers(): Levers {
  const router = express.Router();
  router.use(express.json());
  return {
    router,
    lever: (path, shape, work) => {
      router.post(path, async (request, response) => {
        const body = shape.safeParse(request.body ?? {});
        if (!body.success) {
          response.status(400).json({ error: z.prettifyError(body.error) });
          return;
        }
        const result = await work(body.data);
        response.status(result ? 200 : 404).json(result ?? { error: 'there is no such payment' });
      });
    },
  };
}
