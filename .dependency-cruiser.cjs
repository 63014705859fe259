/** Who may import whom: the floors of docs/architecture.md, as the checker reads them. */

const DOORS = ['api', 'checkout', 'agency-desk', 'console', 'worker'];
const door = `^src/(${DOORS.join('|')})/`;
const CONTRACT = '^src/gateways/gateway-adapter\\.ts$';

/** Files of `from` may import, of this repository, only what `to` matches. */
const only = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|db|scripts|test|bench)/', pathNot: to },
});

/** The npm packages or node modules of `what` may be imported only from `where`. */
const packageOnlyIn = (name, comment, what, where) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^(src|db|scripts)/', pathNot: where },
  to: { path: what.map((one) => `(^|/)node_modules/${one}/`) },
});

/** A feature may use, of the others, only those below it. */
const FEATURES_BELOW = {
  callbacks: ['refunds', 'payments', 'orders', 'receipts', 'ledger'],
  settlement: ['payments', 'refunds', 'orders', 'receipts', 'ledger'],
  refunds: ['payments', 'orders', 'receipts', 'ledger'],
  payments: ['orders', 'receipts', 'ledger'],
  orders: ['ledger'],
  receipts: ['orders', 'ledger'],
  ledger: [],
  reports: [],
  agencies: ['orders'],
  staff: [],
};
const FOR_EVERY_FEATURE = [
  '^src/features/agencies/(agency-store|idempotency-store)\\.ts$',
  '^src/features/staff/audit-log\\.ts$',
];

module.exports = {
  forbidden: [
    {
      name: 'no-loops',
      comment: 'Nothing loops: every import points down or stays on its floor.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'not-resolvable',
      comment: 'Every import leads to a file or a package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'dev-packages-stay-out',
      comment: 'What runs in production is listed under dependencies.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    only('main', 'main.ts starts things; it knows app and platform.', '^src/main\\.ts$', [
      '^src/(app|platform)/',
    ]),
    only('app', 'app wires everything and is imported by main and scripts alone.', '^src/app/', [
      `^src/(app|${DOORS.join('|')}|stand-ins|features|domain|web|platform)/`,
      '^src/gateways/(registry|gateway-adapter)\\.ts$',
      '^db/',
    ]),
    ...DOORS.map((name) =>
      only(
        `door-${name}`,
        'A door knows features, web, domain and platform; never another door, of gateways only the contract.',
        `^src/${name}/`,
        [`^src/(${name}|features|web|domain|platform)/`, CONTRACT],
      ),
    ),
    only('stand-ins', 'Stand-ins are other parties: they know web and platform only.', '^src/stand-ins/', [
      '^src/(stand-ins|web|platform)/',
    ]),
    only('features', 'Features know rules, plumbing and the gateway contract.', '^src/features/', [
      '^src/(features|domain|platform)/',
      CONTRACT,
    ]),
    ...Object.entries(FEATURES_BELOW).map(([name, below]) => ({
      name: `feature-${name}`,
      comment: `features/${name} may use ${below.join(', ') || 'no other feature'}, and what every feature may use.`,
      severity: 'error',
      from: { path: `^src/features/${name}/` },
      to: {
        path: '^src/features/',
        pathNot: [...[name, ...below].map((one) => `^src/features/${one}/`), ...FOR_EVERY_FEATURE],
      },
    })),
    only('gateways', 'Gateways know rules and plumbing.', '^src/gateways/', [
      '^src/(gateways|domain|platform)/',
    ]),
    {
      name: 'gateways-apart',
      comment: 'A gateway never imports another gateway.',
      severity: 'error',
      from: { path: '^src/gateways/([^/]+)/' },
      to: { path: '^src/gateways/[^/]+/', pathNot: '^src/gateways/$1/' },
    },
    only('web', 'The HTML kit knows rules and plumbing.', '^src/web/', ['^src/(web|domain|platform)/']),
    only('domain', 'Rules know only rules.', '^src/domain/', ['^src/domain/']),
    {
      name: 'domain-is-pure',
      comment: 'Rules import no package and nothing of node.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'core'] },
    },
    only('kernel', 'The kernel knows only itself.', '^src/domain/kernel/', ['^src/domain/kernel/']),
    only('platform', 'Plumbing knows nothing of payments.', '^src/platform/', ['^src/platform/']),
    only('db', 'Migrations know plumbing only.', '^db/', ['^db/', '^src/platform/']),
    only('scripts', 'Scripts enter through app, features, domain, platform and db.', '^scripts/', [
      '^scripts/',
      '^src/(app|features|domain|platform)/',
      '^src/main\\.ts$',
      '^db/',
      '^test/support/', // run-tests.ts prepares the tests' database.
    ]),
    {
      name: 'nobody-imports-tests',
      comment: 'Tests are imported by tests.',
      severity: 'error',
      from: { path: '^(src|db)/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    packageOnlyIn(
      'express-at-the-doors',
      'Express stays in app, doors, stand-ins and web.',
      ['express', '@types/express'],
      ['^src/(app|web|stand-ins)/', door],
    ),
    packageOnlyIn(
      'knex-in-platform',
      'knex and pg stay in platform and db.',
      ['knex', 'pg', '@types/pg'],
      ['^src/platform/', '^db/'],
    ),
    packageOnlyIn(
      'copy-in-platform',
      'pg-copy-streams stays in platform/copy.ts.',
      ['pg-copy-streams', '@types/pg-copy-streams'],
      ['^src/platform/copy\\.ts$'],
    ),
    packageOnlyIn(
      'tokens-in-signatures',
      'jsonwebtoken stays in platform/signatures.ts.',
      ['jsonwebtoken', '@types/jsonwebtoken'],
      ['^src/platform/signatures\\.ts$'],
    ),
    packageOnlyIn(
      'stripe-in-its-adapter',
      "stripe stays in its gateway's folder.",
      ['stripe'],
      ['^src/gateways/stripe/'],
    ),
    packageOnlyIn(
      'ids-in-compose',
      'uuid stays in app/compose.ts: new ids are an argument.',
      ['uuid'],
      ['^src/app/compose\\.ts$'],
    ),
    packageOnlyIn(
      'preact-in-pages',
      'Preact stays in web and the pages of doors and stand-ins.',
      ['preact', 'preact-render-to-string'],
      ['^src/web/', '^src/.+\\.tsx$'],
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
