import * as v from 'valibot';

const address = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/, 'is not an address; write 0x and 40 hex digits'),
  v.transform((text) => text as `0x${string}`),
);
const chainId = v.pipe(v.number(), v.integer(), v.minValue(1));
const notNegative = v.pipe(v.number(), v.minValue(0, 'must not be negative'));
const aboveZero = v.pipe(v.number(), v.gtValue(0, 'must be above zero'));

/** How the cost of holding is expected to go on: towards nothing, by half in so many days, with noise. */
const belief = (halfLifeDays: number, noiseBps: number) => ({
  halfLifeDays: v.optional(aboveZero, halfLifeDays),
  /** Standard deviation of the daily rate after a day, hundredths of a percent. */
  rateNoiseBps: v.optional(notNegative, noiseBps),
});

const symbol = v.pipe(v.string(), v.minLength(1, 'names no token'));
/** Standard deviation of the premium after a day, hundredths of a percent. */
const basisNoiseBps = v.optional(notNegative, 2);

/** A market of Perp v2: its contracts, and the virtual tokens of the market, such as vETH and vUSD. */
export const perpV2MarketSchema = {
  chainId,
  clearingHouse: address,
  clearingHouseConfig: address,
  accountBalance: address,
  exchange: address,
  vault: address,
  collateralManager: address,
  baseToken: address,
  quoteToken: address,
  baseSymbol: v.optional(symbol, 'vETH'),
};

/** A market of Synthetix PerpsV2, and the token that is its margin. */
export const synthetixMarketSchema = {
  chainId,
  /** The market's proxy. */
  market: address,
  marginToken: address,
  /** What the market is called in what is reported. */
  symbol: v.optional(symbol, 'sETH'),
};

const MARGIN_WAYS = ['wallet', 'bridge', 'reduce'] as const;

/** What competes with spot for a hedge. Each is read as a position as well. */
export const instrumentsSchema = v.strictObject({
  /** How long a hedge is expected to be held. Default: `horizonDays`. */
  holdingDays: v.exactOptional(aboveZero),
  /** What capital would earn elsewhere, per year. */
  capitalRatePercent: v.optional(v.pipe(v.number(), v.minValue(-100), v.maxValue(100)), 4),
  /** So many standard deviations of what holding costs are added to it. */
  riskWeight: v.optional(notNegative, 0.5),
  /** Over so many of them a size may be split, where that pays more than the gas of a further part. 1: never. */
  maxParts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(6)), 2),
  /** What no step of a trade on margin may break, and what is done before the market does. */
  margin: v.optional(
    v.strictObject({
      maxLeverage: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(100)), 5),
      /** How far the spot has to move until the account is liquidated. */
      minLiquidationDistancePercent: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(100)), 15),
      /** What may be done when that comes near, the cheapest of them: none of it with an empty list. */
      ways: v.optional(v.array(v.picklist(MARGIN_WAYS)), [...MARGIN_WAYS]),
      /** Distance that it leaves. Default: half as much again as the least. */
      restoreDistancePercent: v.exactOptional(v.pipe(v.number(), v.gtValue(0), v.maxValue(90))),
      /** A closer look is taken when something that takes so long might have to be begun. */
      lookAheadSeconds: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(604_800)), 1800),
    }),
    {},
  ),
  perpV2: v.optional(v.array(v.strictObject({ ...perpV2MarketSchema, ...belief(2, 2), basisNoiseBps })), []),
  synthetixPerps: v.optional(v.array(v.strictObject({ ...synthetixMarketSchema, ...belief(2, 2), basisNoiseBps })), []),
  oneinchLop: v.optional(
    v.array(
      v.strictObject({
        chainId,
        limitOrderProtocol: address,
        /** Default: the chain's. */
        permit2: v.exactOptional(address),
        /** A JSON list of signed orders, read anew for each look. */
        ordersFile: v.pipe(v.string(), v.minLength(1, 'names no file')),
        /** So many orders a direction, the best, make the book. */
        maxOrders: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)), 8),
      }),
    ),
    [],
  ),
  aaveShort: v.optional(
    v.array(
      v.strictObject({
        chainId,
        addressesProvider: address,
        pool: address,
        /** Collateral × threshold over debt that each trade leaves. */
        healthFactor: v.optional(v.pipe(v.number(), v.gtValue(1), v.maxValue(100)), 1.5),
        // Rates of a loan stay until somebody moves them.
        ...belief(Infinity, 0),
      }),
    ),
    [],
  ),
});

export type InstrumentsConfig = v.InferOutput<typeof instrumentsSchema>;
