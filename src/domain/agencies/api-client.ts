/** API clients: the programs that may speak for an agency, or for the operator of the installation. */
import type { AgencyId } from '../kernel/ids.ts';

export const SCOPES = [
  'orders:read',
  'orders:write',
  'refunds:write',
  'refunds:approve',
  'receipts:read',
  'webhooks:manage',
  'reports:read',
  'settlement:write',
] as const;

export type Scope = (typeof SCOPES)[number];

/** `agency` sees its own orders, book and reports; `operator` (agency 0) sees settlement files and all books. */
export type ApiClientKind = 'agency' | 'operator';

export interface ApiClient {
  readonly clientId: string;
  readonly agencyId: AgencyId;
  readonly kind: ApiClientKind;
  readonly scopes: readonly Scope[];
}

/** How a client is named in audit entries and decisions. */
export function actorOf(client: ApiClient): string {
  return `client:${client.clientId}`;
}
