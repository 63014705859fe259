/**
 * What a JSON route is: one row that says who may call it, what it takes, what it answers and what it does.
 * The Express router, the OpenAPI document and the tenant test are all made from these rows.
 */
import type { z } from 'zod';
import type { ApiClient, ApiClientKind, Scope } from '../domain/agencies/api-client.ts';
import type { RefusalCode } from '../domain/kernel/refusals.ts';
import type { Tx } from '../platform/database.ts';

/** What a handler answers; `body` is plain data, bigint amounts included (written as JSON integers). */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body that is not JSON, such as CSV. */
export interface TextAnswer {
  readonly status: number;
  readonly text: string;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteInput<Params, Query, Body> {
  readonly client: ApiClient;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly requestId: string;
}

/** One file of a multipart body. */
export interface UploadedFile {
  /** As the sender wrote it: never a path of ours. */
  readonly fileName: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** The idempotency row of a request, for the one handler that writes it in its own statement. */
export interface IdempotencyClaim {
  readonly key: string;
  readonly requestHash: Buffer;
  /** Encrypts an answer for keeping. */
  readonly seal: (answer: Answer) => string;
}

export interface AnswerDescription {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Kinds of text the answer may also have, such as `text/csv`. */
  readonly textTypes?: readonly string[];
}

interface RouteRow<Params, Query, Body> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** OpenAPI form: `/v1/payment-orders/{id}`. */
  readonly path: `/v1/${string}`;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly scope: Scope;
  /** Which kinds of client may call it; both unless said otherwise. */
  readonly kinds?: readonly ApiClientKind[];
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /**
   * `json` unless said otherwise. With `multipart` the body schema decodes one object that has each text part
   * as a string and each file part as an {@link UploadedFile} (`uploadedFile()` of `decoding.ts`).
   */
  readonly bodyFormat?: 'json' | 'multipart';
  /** 256 KiB for JSON and 128 MiB for multipart unless said otherwise. */
  readonly bodyLimitBytes?: number;
  /** What a path parameter that cannot be an id is refused with, so that it looks like an absent one. */
  readonly missing?: RefusalCode;
  /** What the call itself refuses; what comes with keys, bodies and tokens is known: `route-refusals.ts`. */
  readonly refuses?: readonly RefusalCode[];
  /** Shown in the OpenAPI document. */
  readonly examples?: { readonly body?: unknown; readonly answers?: Readonly<Record<number, unknown>> };
  /** Status to description and schema; the schema is what the OpenAPI document shows and tests hold answers against. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
}

/** Reads or changes that need no Idempotency-Key (GET, PATCH, DELETE). */
export interface PlainRoute<Params, Query, Body> extends RouteRow<Params, Query, Body> {
  readonly idempotency: 'none';
  readonly handle: (input: RouteInput<Params, Query, Body>) => Promise<Answer | TextAnswer>;
}

/** A POST whose key, effect and answer commit in one transaction. No network inside. */
export interface TransactionalRoute<Params, Query, Body> extends RouteRow<Params, Query, Body> {
  readonly idempotency: 'transaction';
  readonly handle: (tx: Tx, input: RouteInput<Params, Query, Body>) => Promise<Answer>;
}

/** A POST that writes its idempotency row in its own single statement; null means "the key was taken: replay". */
export interface SelfClaimingRoute<Params, Query, Body> extends RouteRow<Params, Query, Body> {
  readonly idempotency: 'own_statement';
  readonly handle: (
    input: RouteInput<Params, Query, Body>,
    claim: IdempotencyClaim,
  ) => Promise<Answer | null>;
}

export type ApiRoute<Params = unknown, Query = unknown, Body = unknown> =
  | PlainRoute<Params, Query, Body>
  | TransactionalRoute<Params, Query, Body>
  | SelfClaimingRoute<Params, Query, Body>;

/** Declares a route with its types inferred from its schemas, then forgets them for the table. */
export function defineRoute<Params, Query, Body>(route: ApiRoute<Params, Query, Body>): ApiRoute {
  return route as unknown as ApiRoute;
}
