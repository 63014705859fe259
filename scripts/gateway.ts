/** Gateways: how they are, planned maintenance, what agencies offer. `npm run gateway -- status`. */
import { parseArgs } from 'node:util';
import { gatewaysOfInstallation } from '../src/app/gateways.ts';
import { positionOf } from '../src/domain/payments/gateway-circuit.ts';
import { readCircuits } from '../src/features/payments/gateway-health-store.ts';
import { readMaintenance } from '../src/features/payments/gateway-settings-store.ts';
import {
  addMaintenance,
  changeAgencyGateway,
  removeMaintenance,
} from '../src/features/payments/manage-gateways.ts';
import { usage, withDatabase } from './with-database.ts';

const USAGE = `npm run gateway -- status
npm run gateway -- maintenance list
npm run gateway -- maintenance add --gateway <gateway> --from <instant> --to <instant> [--note-vi <text> --note-en <text>]
npm run gateway -- maintenance remove <id>
npm run gateway -- offer --agency <code> --gateway <gateway> [--on|--off] [--min <dong|none>] [--max <dong|none>]
                         [--account own|platform]

Instants carry their offset: 2026-11-28T22:00+07:00.`;

const OPTIONS = {
  gateway: { type: 'string' },
  agency: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  'note-vi': { type: 'string' },
  'note-en': { type: 'string' },
  on: { type: 'boolean', default: false },
  off: { type: 'boolean', default: false },
  min: { type: 'string' },
  max: { type: 'string' },
  account: { type: 'string' },
} as const;

await withDatabase(async ({ db, clock, newId, config }) => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const command = positionals.slice(0, 2).join(' ');
  const registry = gatewaysOfInstallation({ config, db, clock });
  const gateways = registry.enabled().map(({ code }) => code);
  const deps = { db, clock, newId, gateways, actor: 'staff:command-line' };

  if (command === 'status') {
    const circuits = await readCircuits(db);
    for (const code of gateways) {
      const kept = circuits.get(code);
      const position = kept ? positionOf(kept.circuit, clock.now()) : 'closed';
      const retry = kept?.circuit.retryAt ? `, tried again at ${kept.circuit.retryAt.toISOString()}` : '';
      const last = kept?.lastCallbackAt?.toISOString() ?? 'none yet';
      console.log(`${code}  circuit ${position}${retry}; last callback: ${last}`);
    }
    return;
  }
  if (command === 'maintenance list') {
    for (const { id, gateway, startsAt, endsAt, note } of await readMaintenance(db, clock.now())) {
      console.log(
        `${id}  ${gateway}  ${startsAt.toISOString()} - ${endsAt.toISOString()}  ${note?.en ?? ''}`,
      );
    }
    return;
  }
  if (positionals[0] === 'maintenance' && positionals[1] === 'remove' && positionals[2] !== undefined) {
    await removeMaintenance(deps, positionals[2]);
    console.log('Removed. The gateway is offered again within seconds, if nothing else hides it.');
    return;
  }
  const { gateway } = values;
  if (gateway === undefined) usage(USAGE);
  if (command === 'maintenance add') {
    const { 'note-vi': vi, 'note-en': en } = values;
    if ((vi === undefined) !== (en === undefined)) usage('Write the note in both languages, or in none.');
    const note = vi === undefined || en === undefined ? null : { vi, en };
    const window = { gateway, startsAt: instantOf(values.from), endsAt: instantOf(values.to), note };
    console.log(
      `Planned. Take it back with: npm run gateway -- maintenance remove ${await addMaintenance(deps, window)}`,
    );
    return;
  }
  if (command !== 'offer' || values.agency === undefined || (values.on && values.off)) usage(USAGE);
  const { account } = values;
  if (account !== undefined && account !== 'own' && account !== 'platform') usage(USAGE);
  const settings = await changeAgencyGateway(
    deps,
    { agencyCode: values.agency, gateway },
    {
      ...(values.on || values.off ? { offered: values.on } : {}),
      ...(values.min === undefined ? {} : { amountMin: dongOf(values.min) }),
      ...(values.max === undefined ? {} : { amountMax: dongOf(values.max) }),
      ...(account === undefined ? {} : { account }),
    },
  );
  const limits = `${settings.amountMin?.toString() ?? 'no'} least, ${settings.amountMax?.toString() ?? 'no'} most`;
  console.log(
    `${values.agency} ${settings.offered ? 'offers' : 'does not offer'} ${gateway} (${limits}; account: ${settings.account}).`,
  );
});

function instantOf(text: string | undefined): Date {
  const isWhole = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/.test(text ?? '');
  const at = new Date(text ?? '');
  return isWhole && !Number.isNaN(at.getTime())
    ? at
    : usage(`"${text ?? ''}" is not an instant like 2026-11-28T22:00+07:00.`);
}

function dongOf(text: string): bigint | null {
  if (text === 'none') return null;
  return /^[1-9]\d{0,14}$/.test(text) ? BigInt(text) : usage(`"${text}" is not a whole number of dong.`);
}
