import * as v from 'valibot';
import { instrumentsSchema } from './instruments-schema.js';
import { positionsSchema } from './positions-schema.js';
import { solversSchema } from './solvers-schema.js';

const decimal = v.pipe(v.string(), v.regex(/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/, 'is not a plain decimal; write "-1.25"'));
const positiveDecimal = v.pipe(
  decimal,
  v.check((text) => Number(text) > 0, 'must be positive'),
);
const address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/, 'is not an address; write 0x and 40 hex digits'));
const addressAs0x = v.pipe(
  address,
  v.transform((text) => text as `0x${string}`),
);
const percent = (max: number) =>
  v.pipe(
    v.number(),
    v.minValue(0, 'must not be negative'),
    v.maxValue(max, `must be at most ${max} percent; a guard that never bites is no guard`),
  );
const bps = (max: number) =>
  v.pipe(
    v.number(),
    v.minValue(0, 'must not be negative'),
    v.maxValue(max, `must be at most ${max} bps; a guard that never bites is no guard`),
  );
const seconds = v.pipe(v.number(), v.integer('must be a whole number of seconds'), v.minValue(0));
const chainId = v.pipe(v.number(), v.integer(), v.minValue(1));

const symbol = v.pipe(v.string(), v.minLength(1, 'names no token'));
const tokenRecord = v.strictObject({
  address: addressAs0x,
  symbol,
  decimals: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(36)),
});
/** A token in full; or, on a described chain, its symbol there. */
const token: v.GenericSchema<v.InferInput<typeof tokenRecord> | string, v.InferOutput<typeof tokenRecord> | string> =
  v.lazy((input) => (typeof input === 'string' ? symbol : tokenRecord));

/** Where each protocol lives on a chain. Described chains have these built in; an entry here overrides. */
const contracts = v.partial(
  v.strictObject({
    multicall3: addressAs0x,
    permit2: addressAs0x,
    uniswapV2Factory: addressAs0x,
    uniswapV2Router: addressAs0x,
    uniswapV3Factory: addressAs0x,
    uniswapV3SwapRouter02: addressAs0x,
    uniswapV3TickLens: addressAs0x,
    uniswapV3PositionManager: addressAs0x,
    uniswapV4PoolManager: addressAs0x,
    uniswapV4PositionManager: addressAs0x,
    uniswapV4StateView: addressAs0x,
    universalRouter: addressAs0x,
    acrossSpokePool: addressAs0x,
    acrossMulticallHandler: addressAs0x,
    hyperlaneMailbox: addressAs0x,
    lifiDiamond: addressAs0x,
  }),
);

export const chainSchema = v.strictObject({
  id: chainId,
  name: v.optional(v.string()),
  /** One or more endpoints; or the name of an environment variable that holds one, so that keys stay out of files. */
  rpcUrl: v.optional(v.union([v.string(), v.array(v.string())])),
  rpcUrlEnv: v.optional(v.string()),
  /** So many of the endpoints have to say the same before it is believed: more than half. Left out: one is asked. */
  quorum: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(2))),
  /** Where signed transactions go instead, and nowhere else: endpoints that keep them out of the public mempool. */
  submitUrl: v.optional(v.union([v.string(), v.array(v.string())])),
  submitUrlEnv: v.optional(v.string()),
  base: token,
  quote: token,
  contracts: v.optional(contracts, {}),
  hyperlaneWarpRoutes: v.optional(
    v.strictObject({ base: v.optional(addressAs0x), quote: v.optional(addressAs0x) }),
    {},
  ),
  hyperlaneDomain: v.optional(v.pipe(v.number(), v.integer())),
  /** Which calling convention the chain's Universal Router has. */
  universalRouterVersion: v.optional(v.picklist(['2.0', '2.1.1'])),
  /** Tokens that refuse to change an allowance that is not zero, as USDT on Ethereum does. */
  resetAllowance: v.optional(v.array(addressAs0x)),
  /** Needed where the native coin is not the underlying, as on Polygon; refused where it is. */
  nativePriceUsd: v.optional(positiveDecimal),
  confirmations: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
});

const acrossFees = v.variant('kind', [
  v.strictObject({ kind: v.literal('api'), url: v.optional(v.pipe(v.string(), v.url())) }),
  v.strictObject({
    kind: v.literal('schedule'),
    relayerFeeBps: bps(1000),
    relayer: addressAs0x,
    expectedFillSeconds: v.optional(seconds, 5),
  }),
]);

const candlesFile = v.pipe(v.string(), v.minLength(1, 'names no file'));
/** Candles that ended longer ago are not believed. */
const maxAgeHours = v.pipe(
  v.number(),
  v.minValue(1),
  v.maxValue(168, 'must be at most a week; an older market is not this one'),
);
/** Whether the band leans ahead of a trend. */
const trend = v.variant('kind', [
  v.strictObject({
    kind: v.literal('week'),
    /** Default: the candles of the volatility. */
    candlesFile: v.exactOptional(candlesFile),
    maxAgeHours: v.exactOptional(maxAgeHours),
  }),
  v.strictObject({ kind: v.literal('none') }),
]);

const annualPercent = v.pipe(v.number(), v.minValue(0.01, 'must be above zero'), v.maxValue(1000));
/** Which volatility the policy uses. */
const volatility = v.variant('kind', [
  v.strictObject({ kind: v.literal('configured'), annualPercent }),
  /** That of the options in `positions.optionBook`, weighted by their sizes. */
  v.strictObject({ kind: v.literal('implied') }),
  v.strictObject({
    kind: v.literal('forecast'),
    candlesFile,
    model: v.optional(v.picklist(['range-har', 'log-har', 'har-rv', 'garch', 'ewma']), 'range-har'),
    maxAgeHours: v.optional(maxAgeHours, 48),
  }),
]);

/**
 * What one portfolio is and how it is kept. Every number whose unit could be mistaken carries it in its key; unknown
 * keys are refused.
 */
export const portfolioConfigSchema = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1)),
  underlying: v.pipe(v.string(), v.minLength(1)),
  owner: addressAs0x,
  /** Name of the environment variable that holds the owner's key. A key itself is never written into a file. */
  privateKeyEnv: v.optional(v.string(), 'EVENKEEL_PRIVATE_KEY'),
  journal: v.optional(v.string()),
  /** Expected over the life of the book; used for the policy's band unless `volatility` says otherwise. */
  annualVolatilityPercent: v.optional(annualPercent),
  volatility: v.optional(volatility),
  trend: v.optional(trend, { kind: 'week' }),
  policy: v.optional(
    v.strictObject({
      rule: v.optional(v.looseObject({ kind: v.string() }), { kind: 'optimal' }),
      riskAversion: v.optional(v.looseObject({}), { perNumeraire: 0.0002 }),
      targetDeltaUnits: v.optional(decimal, '0'),
      monitoringSeconds: v.optional(v.pipe(seconds, v.minValue(1)), 60),
      settlement: v.optional(v.picklist(['free', 'unwind', 'none']), 'free'),
      lotUnits: v.optional(positiveDecimal, '0.0001'),
    }),
    {},
  ),
  horizonDays: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(3650)), 30),
  annualRatePercent: v.optional(v.pipe(v.number(), v.minValue(-100), v.maxValue(100)), 0),
  latencySeconds: v.optional(seconds, 15),
  /** Between two looks at a chain or bridge while something is under way. */
  pollMs: v.optional(v.pipe(v.number(), v.minValue(10), v.maxValue(60_000)), 1000),
  /** The most convex problems that one route may take: less is quicker, and may cost a little more. */
  nodeBudget: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000))),
  schedule: v.optional(
    v.strictObject({
      kind: v.optional(
        v.picklist(['auto', 'single', 'twap', 'vwap', 'pov', 'almgren-chriss', 'obizhaeva-wang', 'optimal']),
        'auto',
      ),
      maxParts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 4),
      spanSeconds: v.optional(seconds, 6),
      recoverySeconds: v.optional(v.pipe(seconds, v.minValue(1, 'must be at least 1')), 1),
      jitterPercent: v.optional(percent(100), 50),
      participationPercent: v.optional(percent(50), 10),
      /** Candles with a column `volume`: the profile of the day comes from them, and what today differs from it. */
      volumeFile: v.exactOptional(candlesFile),
      volumeProfile: v.optional(v.pipe(v.array(v.pipe(v.number(), v.minValue(0))), v.minLength(1))),
    }),
    {},
  ),
  limits: v.optional(
    v.strictObject({
      maxCostBps: v.optional(bps(1000), 100),
      slippageBps: v.optional(bps(1000), 30),
      maxDisagreementPercent: v.optional(percent(25), 5),
      maxHops: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)), 8),
      deadlineSeconds: v.optional(v.pipe(seconds, v.minValue(30)), 1800),
      solicitSeconds: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(120)), 10),
      maxAgeSeconds: v.optional(v.pipe(seconds, v.minValue(1)), 120),
      /** A chain without a new block for so long is not traded on. Left out: any chain goes on. */
      maxBlockAgeSeconds: v.exactOptional(v.pipe(seconds, v.minValue(1))),
      doubtVanishedSeconds: v.optional(v.pipe(seconds, v.minValue(0)), 3600),
      keepForNext: v.optional(v.boolean(), false),
    }),
    {},
  ),
  chains: v.pipe(v.array(chainSchema), v.minLength(1, 'needs at least one chain')),
  adapters: v.optional(v.array(v.picklist(['uniswap-v2', 'uniswap-v3', 'uniswap-v4', 'across', 'hyperlane', 'lifi'])), [
    'uniswap-v2',
    'uniswap-v3',
    'uniswap-v4',
    'across',
    'hyperlane',
  ]),
  across: v.optional(v.strictObject({ fees: acrossFees })),
  lifi: v.optional(v.strictObject({ apiUrl: v.optional(v.pipe(v.string(), v.url())), integrator: v.string() })),
  positions: v.optional(positionsSchema, {}),
  /** Left out: hedges are spot. */
  instruments: v.exactOptional(instrumentsSchema),
  /** Left out: no outside network is asked. */
  solvers: v.exactOptional(solversSchema),
});

/** A configuration as it is written into a file. */
export type PortfolioConfigInput = v.InferInput<typeof portfolioConfigSchema>;
/** The same, checked, with its defaults; what a described chain leaves out is still missing. */
export type CheckedConfig = v.InferOutput<typeof portfolioConfigSchema>;
