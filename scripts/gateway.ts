/** Gateways: how they are, planned maintenance, what agencies offer. `npm run gateway -- status`. */
import { gatewaysOfInstallation } from '../src/app/gateways.ts';
import { parseDay } from '../src/domain/kernel/time.ts';
import { positionOf } from '../src/domain/payments/gateway-circuit.ts';
import { readCircuits } from '../src/features/payments/gateway-health-store.ts';
import { readMaintenance } from '../src/features/payments/gateway-settings-store.ts';
import type { AgencyGateway } from '../src/domain/payments/gateway-offer.ts';
import {
  addMaintenance,
  changeAgencyGateway,
  removeMaintenance,
} from '../src/features/payments/manage-gateways.ts';
import { COMMAND_LINE, runTool, usage, type Deed, type ToolDeps } from './tool.ts';

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

await runTool({
  usage: USAGE,
  options: OPTIONS,
  understand({ values, positionals }) {
    const { gateway, agency, account } = values;
    const [first, second, id] = positionals;
    const command = positionals.slice(0, 2).join(' ');
    const words = positionals.length;
    if (command === 'status' && words === 1) return status;
    if (command === 'maintenance list' && words === 2) return listMaintenance;
    if (first === 'maintenance' && second === 'remove' && id !== undefined && words === 3) return remove(id);
    if (command === 'maintenance add' && words === 2 && gateway !== undefined) {
      const { 'note-vi': vi, 'note-en': en } = values;
      if ((vi === undefined) !== (en === undefined)) usage('Write the note in both languages, or in none.');
      const note = vi === undefined || en === undefined ? null : { vi, en };
      return add({ gateway, startsAt: instantOf(values.from), endsAt: instantOf(values.to), note });
    }
    const isOffer = command === 'offer' && words === 1 && !(values.on && values.off);
    if (!isOffer || gateway === undefined || agency === undefined) return usage(USAGE);
    if (account !== undefined && account !== 'own' && account !== 'platform') return usage(USAGE);
    return offer(
      { agencyCode: agency, gateway },
      {
        ...(values.on || values.off ? { offered: values.on } : {}),
        ...(values.min === undefined ? {} : { amountMin: dongOf(values.min) }),
        ...(values.max === undefined ? {} : { amountMax: dongOf(values.max) }),
        ...(account === undefined ? {} : { account }),
      },
    );
  },
});

function managing({ db, clock, newId, config }: ToolDeps) {
  const gateways = gatewaysOfInstallation({ config, db, clock })
    .enabled()
    .map(({ code }) => code);
  return { db, clock, newId, gateways, actor: COMMAND_LINE };
}

async function status(deps: ToolDeps): Promise<void> {
  const { db, clock, gateways } = managing(deps);
  const circuits = await readCircuits(db);
  for (const code of gateways) {
    const kept = circuits.get(code);
    const position = kept ? positionOf(kept.circuit, clock.now()) : 'closed';
    const retry = kept?.circuit.retryAt ? `, tried again at ${kept.circuit.retryAt.toISOString()}` : '';
    const last = kept?.lastCallbackAt?.toISOString() ?? 'none yet';
    console.log(`${code}  circuit ${position}${retry}; last callback: ${last}`);
  }
}

async function listMaintenance({ db, clock }: ToolDeps): Promise<void> {
  const windows = await readMaintenance(db, clock.now());
  for (const { id, gateway, startsAt, endsAt, note } of windows) {
    console.log(`${id}  ${gateway}  ${startsAt.toISOString()} - ${endsAt.toISOString()}  ${note?.en ?? ''}`);
  }
  if (windows.length === 0) console.log('No maintenance is planned.');
}

function remove(id: string): Deed {
  return async (deps) => {
    await removeMaintenance(managing(deps), id);
    console.log('Removed. The gateway is offered again within seconds, if nothing else hides it.');
  };
}

function add(window: Parameters<typeof addMaintenance>[1]): Deed {
  return async (deps) => {
    const id = await addMaintenance(managing(deps), window);
    console.log(`Planned. Take it back with: npm run gateway -- maintenance remove ${id}`);
  };
}

function offer(key: { agencyCode: string; gateway: string }, changes: Partial<AgencyGateway>): Deed {
  return async (deps) => {
    const settings = await changeAgencyGateway(managing(deps), key, changes);
    const limits = `${settings.amountMin?.toString() ?? 'no'} least, ${settings.amountMax?.toString() ?? 'no'} most`;
    console.log(
      `${key.agencyCode} ${settings.offered ? 'offers' : 'does not offer'} ${key.gateway} (${limits}; account: ${settings.account}).`,
    );
  };
}

/** February 30 is no day: `Date` would take it for March 2. */
function instantOf(text: string | undefined): Date {
  const day = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/.exec(text ?? '')?.[1];
  const at = new Date(text ?? '');
  return day !== undefined && parseDay(day) !== null && !Number.isNaN(at.getTime())
    ? at
    : usage(`"${text ?? ''}" is not an instant like 2026-11-28T22:00+07:00.`);
}

function dongOf(text: string): bigint | null {
  if (text === 'none') return null;
  return /^[1-9]\d{0,14}$/.test(text) ? BigInt(text) : usage(`"${text}" is not a whole number of dong.`);
}
