/** SQL of the sandbox agencies' inboxes: their secrets, their manners, and what arrived. */
import { query, type Database, type Reader } from '../../platform/database.ts';

/** What an inbox answers: 204; 500; 204 after longer than senders wait; 410. */
export const INBOX_MANNERS = ['ok', 'error', 'slow', 'gone'] as const;
export type InboxManner = (typeof INBOX_MANNERS)[number];

export interface Inbox {
  readonly agencyCode: string;
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly manner: InboxManner;
}

export interface InboxMessage {
  readonly receivedAt: Date;
  readonly webhookId: string | null;
  readonly verified: boolean;
  readonly eventType: string | null;
  readonly sequence: bigint | null;
  readonly subject: string | null;
  readonly body: string;
  readonly answerStatus: number;
}

/** The inbox of an agency; one that has never been heard of has no secrets, so nothing verifies. */
export async function openInbox(db: Database, agencyCode: string): Promise<Inbox> {
  const rows = await query<Inbox>(
    db,
    `insert into stand_in.agency_inboxes (agency_code, secrets) values (:agencyCode, '{}')
     on conflict (agency_code) do update set agency_code = excluded.agency_code
     returning agency_code as "agencyCode", secrets, manner`,
    { agencyCode },
  );
  const inbox = rows[0];
  if (!inbox) throw new Error(`The inbox of agency ${agencyCode} could not be opened.`);
  return inbox;
}

/** Adds a secret in front and keeps the one before it, as during a rotation. */
export async function addSecret(db: Database, agencyCode: string, secret: string): Promise<void> {
  await query(
    db,
    `insert into stand_in.agency_inboxes (agency_code, secrets) values (:agencyCode, array[:secret::text])
     on conflict (agency_code) do update
        set secrets = (array[:secret::text] || array_remove(agency_inboxes.secrets, :secret::text))[1:2]`,
    { agencyCode, secret },
  );
}

export async function setManner(db: Database, agencyCode: string, manner: InboxManner): Promise<void> {
  await query(
    db,
    `insert into stand_in.agency_inboxes (agency_code, secrets, manner) values (:agencyCode, '{}', :manner)
     on conflict (agency_code) do update set manner = excluded.manner`,
    { agencyCode, manner },
  );
}

export async function insertMessage(db: Database, agencyCode: string, message: InboxMessage): Promise<void> {
  await query(
    db,
    `insert into stand_in.agency_messages (agency_code, received_at, webhook_id, verified, event_type, sequence,
       subject, body, answer_status)
     values (:agencyCode, :receivedAt, :webhookId, :verified, :eventType, :sequence::bigint,
       :subject, :body, :answerStatus::int)`,
    { agencyCode, ...message },
  );
}

/** In the order of arrival; the newest `limit` of them. */
export async function listMessages(
  reader: Reader,
  agencyCode: string,
  limit: number,
): Promise<InboxMessage[]> {
  const newestFirst = await query<InboxMessage>(
    reader,
    `select received_at as "receivedAt", webhook_id as "webhookId", verified, event_type as "eventType", sequence,
            subject, body, answer_status as "answerStatus"
       from stand_in.agency_messages where agency_code = :agencyCode order by id desc limit :limit::int`,
    { agencyCode, limit },
  );
  return newestFirst.reverse();
}
