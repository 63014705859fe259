-- Idempotency keys belong to the client. The key, its effect and its answer commit together.

-- Tenant.
create table idempotency_keys (
  agency_id     integer not null references agencies (id),
  client_id     text not null references api_clients (client_id),
  key           text not null,
  request_hash  bytea not null,
  status        integer,
  answer_box    text,
  created_at    timestamptz not null,
  primary key (agency_id, client_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);
