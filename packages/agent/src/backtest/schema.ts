import * as v from 'valibot';
import { type ModelId, MODELS } from '../forecast/models.js';

const MODEL_IDS = Object.keys(MODELS) as ModelId[];

const number = v.pipe(v.number('must be a number'), v.finite('must be finite'));
const positive = v.pipe(number, v.gtValue(0, 'must be above 0'));
const notNegative = v.pipe(number, v.minValue(0, 'must be 0 or more'));
const wholePositive = v.pipe(number, v.safeInteger('must be a whole number'), v.minValue(1, 'must be 1 or more'));
const whole = v.pipe(number, v.safeInteger('must be a whole number'), v.minValue(0, 'must be 0 or more'));
const seed = v.pipe(whole, v.maxValue(2 ** 32 - 1, 'must be below 2^32'));
const name = v.pipe(v.string('must be a text'), v.minLength(1, 'must not be empty'));
const partName = v.pipe(
  name,
  v.check((text) => text !== 'all', 'must not be "all", which is the whole'),
);
const share = v.pipe(number, v.gtValue(0, 'must be above 0'), v.ltValue(100, 'must be below 100'));
const date = v.pipe(
  v.string('must be a date in quotes, such as "2021-01-01"'),
  v.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date such as "2021-01-01"'),
  v.check((text) => Number.isFinite(Date.parse(`${text}T00:00:00Z`)), 'must be a day that exists'),
);

const simulated = {
  spotUsd: positive,
  annualDriftPercent: v.optional(number, 0),
  stepSeconds: wholePositive,
  days: positive,
  paths: v.pipe(wholePositive, v.maxValue(1_000_000, 'must be at most 1,000,000')),
  /** Simulated before the book starts, for forecasters that need a history. */
  warmUpDays: v.optional(whole, 0),
};

const market = v.variant('kind', [
  v.strictObject({
    kind: v.literal('candles'),
    intervalSeconds: wholePositive,
    warmUpDays: whole,
    from: v.optional(date),
    to: v.optional(date),
  }),
  v.strictObject({ kind: v.literal('gbm'), ...simulated, annualVolatilityPercent: positive }),
  v.strictObject({
    kind: v.literal('merton'),
    ...simulated,
    annualVolatilityPercent: positive,
    jumpsPerYear: notNegative,
    jumpLogMeanPercent: number,
    jumpLogStdDevPercent: notNegative,
  }),
  v.strictObject({
    kind: v.literal('heston'),
    ...simulated,
    initialVolatilityPercent: positive,
    longRunVolatilityPercent: positive,
    meanReversionPerYear: positive,
    volatilityOfVariancePercent: positive,
    correlation: v.pipe(number, v.minValue(-1, 'must be -1 or more'), v.maxValue(1, 'must be 1 or less')),
  }),
]);

const legBase = { startDay: v.optional(notNegative, 0) };

const leg = v.variant('kind', [
  v.strictObject({
    ...legBase,
    kind: v.literal('option'),
    optionType: v.picklist(['call', 'put'], 'must be "call" or "put"'),
    sizeUnits: v.pipe(
      number,
      v.check((size) => size !== 0, 'must not be 0'),
    ),
    strikePercentOfSpot: positive,
    daysToExpiry: positive,
  }),
  v.strictObject({
    ...legBase,
    kind: v.literal('liquidity'),
    /** At the start. */
    valueUsd: positive,
    /** Both, for a concentrated range; neither, for a constant-product position. */
    lowPercentOfSpot: v.optional(share),
    highPercentOfSpot: v.optional(v.pipe(number, v.gtValue(100, 'must be above 100'))),
    days: positive,
  }),
  v.strictObject({ ...legBase, kind: v.literal('holding'), units: number, days: positive }),
]);

const schedule = v.variant('kind', [
  v.strictObject({ kind: v.literal('single') }),
  v.strictObject({ kind: v.literal('twap'), parts: wholePositive, spanSeconds: wholePositive }),
]);

const pool = v.variant('kind', [
  v.strictObject({ kind: v.literal('constant-product'), feeBps: notNegative, depthUnits: positive }),
  v.strictObject({
    kind: v.literal('concentrated'),
    feeBps: notNegative,
    depthUnits: positive,
    rangePercent: share,
  }),
]);

const costs = v.variant('kind', [
  v.strictObject({ kind: v.literal('proportional'), costBps: notNegative, maxSizeUnits: v.optional(positive, 1000) }),
  v.strictObject({ kind: v.literal('pools'), pools: v.pipe(v.array(pool), v.minLength(1, 'must name a pool')) }),
]);

const gas = v.variant('kind', [
  v.strictObject({ kind: v.literal('constant'), usdPerTrade: notNegative }),
  v.strictObject({
    kind: v.literal('simulated'),
    medianUsdPerTrade: notNegative,
    logStdDevPercent: notNegative,
    halfLifeHours: positive,
    spikesPerDay: v.optional(notNegative, 0),
    spikeFactor: v.optional(v.pipe(number, v.minValue(1, 'must be 1 or more')), 10),
    spikeHalfLifeHours: v.optional(positive, 1),
  }),
  v.strictObject({
    kind: v.literal('file'),
    /** CSV with a header, oldest first; the path is taken from the configuration's folder. */
    file: name,
    timeColumn: name,
    gweiColumn: name,
    gasUnitsPerTrade: positive,
    nativePriceUsd: positive,
  }),
]);

const volatility = v.variant('kind', [
  v.strictObject({ kind: v.literal('constant'), annualPercent: positive }),
  v.strictObject({ kind: v.literal('trailing'), days: wholePositive }),
  v.strictObject({
    kind: v.literal('forecast'),
    model: v.picklist(MODEL_IDS, `must be one of ${MODEL_IDS.join(', ')}`),
    everyHours: v.optional(wholePositive, 24),
    horizonDays: v.optional(v.pipe(v.array(wholePositive), v.minLength(1)), [1, 3, 7, 14, 30]),
  }),
]);

const riskAversion = v.union(
  [v.strictObject({ perUsd: positive }), v.strictObject({ budgetBpsPerMonth: positive })],
  'must be { perUsd } or { budgetBpsPerMonth }, a positive number',
);

const policyTerms = {
  riskAversion,
  monitoringSeconds: wholePositive,
  settlement: v.optional(v.picklist(['free', 'unwind', 'none'], 'must be "free", "unwind" or "none"'), 'free'),
  /** Absent: rules as they were published, without a limit. */
  maxCostBps: v.optional(positive),
  lotUnits: v.optional(v.string('must be a decimal in quotes'), '0.000001'),
  targetDeltaUnits: v.optional(v.string('must be a decimal in quotes'), '0'),
  volatility: name,
  /** `week` acts ahead of the trend of the last week, for the rule `optimal`. */
  trend: v.optional(v.picklist(['none', 'week'], 'must be "none" or "week"'), 'none'),
  schedule: v.optional(schedule, { kind: 'single' }),
  recoverySeconds: v.optional(wholePositive, 60),
};

const target = v.variant('kind', [
  v.strictObject({ kind: v.literal('cost-ratio'), policy: name, against: name, atMost: positive }),
  v.strictObject({ kind: v.literal('pnl-std-dev-ratio'), policy: name, against: name, atMost: positive }),
  v.strictObject({ kind: v.literal('no-gross-pnl-loss'), policy: name, against: name }),
]);

/** Everything that a backtest file may say. */
export const backtestSchema = v.strictObject({
  name,
  seed,
  market,
  book: v.strictObject({
    /** A new copy of the legs so often; absent: once, at the start. */
    startEveryDays: v.optional(positive),
    /** Copies in accounts of their own, or all in one book. */
    hedged: v.optional(v.picklist(['separately', 'together'], 'must be "separately" or "together"'), 'separately'),
    /** Prices are scaled so that each book starts at this spot. */
    normalisedSpotUsd: v.optional(positive),
    /** Name of the volatility at which options are opened; absent: that of each policy. */
    premium: v.optional(name),
    legs: v.pipe(v.array(leg), v.minLength(1, 'must have a leg')),
  }),
  costs,
  gas,
  carry: v.optional(
    v.strictObject({
      annualRatePercent: v.optional(number, 0),
      annualFundingPercent: v.optional(number, 0),
      annualBorrowPercent: v.optional(notNegative, 0),
    }),
    {},
  ),
  latencySeconds: v.optional(notNegative, 0),
  blockSeconds: v.optional(wholePositive, 12),
  volatilities: v.record(name, volatility),
  /** What every policy has unless it says otherwise. */
  terms: v.strictObject(policyTerms),
  policies: v.pipe(
    v.array(
      v.strictObject({
        name,
        /** As `policy.rule` of the agent's configuration; checked by the policy station. */
        rule: v.looseObject({ kind: v.string() }),
        /** For the rule `optimal`: its exact tables; absent: the closed form decides. */
        lattice: v.optional(
          v.strictObject({
            annualVolatilityPercent: positive,
            /** The highest forecast that the tables serve; beyond it the closed form decides. */
            mostAnnualVolatilityPercent: positive,
            /** How uncertain the forecast is: standard deviation of the logarithm of the variance. */
            logVarianceStdDev: v.optional(notNegative, 0),
          }),
        ),
        ...v.partial(v.strictObject(policyTerms)).entries,
      }),
    ),
    v.minLength(1, 'must name a policy'),
  ),
  /** Policies whose cost and risk stand for the optimum, and against which the others are compared. */
  optimum: v.optional(name),
  baseline: v.optional(name),
  statistics: v.optional(
    v.strictObject({
      confidencePercent: v.optional(share, 90),
      powerPercent: v.optional(share, 80),
      meanBlockEpisodes: v.optional(wholePositive, 1),
      resamples: v.optional(v.pipe(wholePositive, v.minValue(100, 'must be 100 or more')), 2000),
    }),
    {},
  ),
  splits: v.optional(v.array(v.strictObject({ name: partName, from: date, to: date })), []),
  targets: v.optional(v.array(target), []),
  /** Number of the episode that the report draws. */
  drawnEpisode: v.optional(whole, 0),
});

export type BacktestConfig = v.InferOutput<typeof backtestSchema>;
export type MarketConfig = BacktestConfig['market'];
export type LegConfig = BacktestConfig['book']['legs'][number];
export type VolatilityConfig = BacktestConfig['volatilities'][string];
export type TargetConfig = BacktestConfig['targets'][number];
