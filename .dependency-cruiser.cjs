// The walls of the house: packages import one way, stations of the core only what comes before them in the flow.
const STATIONS = [
  'exposure',
  'forecast',
  'policy',
  'profile',
  'holding',
  'margin',
  'choose',
  'schedule',
  'solicit',
  'route',
  'batch',
  'award',
  'guard',
  'execution',
  'delegate',
  'report',
];

/** What joins stations: nothing in a station knows of it. */
const JOINERS = ['rebalancer', 'backtest', 'watch', 'hedger', 'networks', 'workflow'];

const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  comment: `${from} may import ${allowed.join(', ') || 'nothing of ours'}`,
  from: { path: `^packages/${from}/src`, pathNot: '\\.test\\.ts$' },
  to: { path: '^packages/', pathNot: [`^packages/${from}/`, ...allowed.map((each) => `^packages/${each}/`)] },
});

const laterStations = STATIONS.map((station, index) => ({
  name: `core-${station}-looks-back-only`,
  severity: 'error',
  comment: `${station}/ may import model/, ports/ and the stations before it`,
  from: { path: `^packages/core/src/${station}/`, pathNot: '\\.test\\.ts$' },
  to: { path: `^packages/core/src/(${[...STATIONS.slice(index + 1), ...JOINERS].join('|')})` },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Types may name one another in a circle, code may not',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('intents-alone', 'intents', []),
    only('core-on-intents', 'core', ['intents']),
    only('adapters-on-core', 'adapters', ['intents', 'core']),
    only('contracts-alone', 'contracts', []),
    only('accounts-on-core', 'accounts', ['intents', 'core', 'contracts']),
    only('devnet-alone', 'devnet', []),
    {
      name: 'core-model-and-ports-are-the-floor',
      severity: 'error',
      from: { path: '^packages/core/src/(model|ports)/', pathNot: '\\.test\\.ts$' },
      to: { path: `^packages/core/src/(${[...STATIONS, ...JOINERS].join('|')})` },
    },
    ...laterStations,
    {
      name: 'core-loop-needs-no-engine',
      severity: 'error',
      comment: 'A workflow drives the loop; nothing that is embedded carries an engine',
      from: { path: '^packages/core/src/(rebalancer|index)', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/core/src/workflow/' },
    },
    {
      name: 'core-lattice-beside-the-policy',
      severity: 'error',
      comment: 'lattice/ prepares what the policy reads: it may import model/, ports/, exposure/ and policy/',
      from: { path: '^packages/core/src/lattice/', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/core/src/(?!lattice/|model/|ports/|exposure/|policy/)' },
    },
    {
      name: 'core-stations-need-no-lattice',
      severity: 'error',
      comment: 'Tables come in as plain data; nothing that is embedded carries what makes them',
      from: { path: `^packages/core/src/(${[...STATIONS, ...JOINERS].join('|')}|index)`, pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/core/src/lattice/' },
    },
    {
      name: 'core-knows-no-protocol',
      severity: 'error',
      comment: 'The core knows no ABI, no HTTP, no key',
      from: { path: '^packages/core/src', pathNot: ['\\.test\\.ts$', 'journal-sqlite'] },
      to: { path: 'node_modules/(ethers|viem|@lifi|@uniswap)|^node:|^(fs|http|https|net|crypto)$' },
    },
    {
      name: 'intents-run-in-a-browser',
      severity: 'error',
      from: { path: '^packages/intents/src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.depcruise.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
