import {
  aaveMarginAfter,
  aaveMarginVenue,
  aaveShort,
  aaveV3Account,
  aaveMarginReader,
} from '@evenkeel/adapters/aave-v3';
import { oneinchLop } from '@evenkeel/adapters/oneinch-lop';
import {
  perpV2Instrument,
  perpV2Margin,
  perpV2MarginAfter,
  perpV2MarginVenue,
  perpV2Positions,
  readPerpV2Account,
} from '@evenkeel/adapters/perp-v2';
import { spotInstrument } from '@evenkeel/adapters/spot';
import {
  readSynthetixPerpsAccount,
  synthetixMargin,
  synthetixMarginAfter,
  synthetixMarginVenue,
  synthetixPerps,
  synthetixPerpsPositions,
} from '@evenkeel/adapters/synthetix-perps';
import {
  type Address,
  type Clock,
  Decimal,
  type DecimalString,
  type InstrumentAdapter,
  type PositionReading,
  type PositionSource,
  sameAddress,
  sameToken,
  type TradeQuote,
  type VenueAdapter,
} from '@evenkeel/core';
import type { Contender } from '@evenkeel/core/choose';
import type { HedgeInstruments, MarginKeeping, Seen } from '@evenkeel/core/hedger';
import { type MarginVenue, perpetualMargin } from '@evenkeel/core/margin';
import { InvalidInputError } from '@evenkeel/intents';
import type { PortfolioConfig } from '../config/complete.js';
import type { InstrumentsConfig } from '../config/instruments-schema.js';
import { baseToken, type ConnectedChain, quoteToken } from './adapters.js';
import { perpV2MarketOf, synthetixMarketOf } from './derivative-markets.js';
import { fileOrders } from './order-file.js';
import { aaveAssetsOf } from './sources.js';

/** Instruments that a configuration names, and where what is held of them is read from. */
export interface ConfiguredInstruments {
  readonly instruments: HedgeInstruments;
  readonly sources: readonly PositionSource[];
}

/** One market of an instrument. */
interface Entry {
  readonly adapter: InstrumentAdapter;
  /** Where what is held of it is read from; absent where the wallet's tokens are all there is. */
  readonly source?: PositionSource;
  /** Where its margin is kept; absent where it has none. */
  readonly margin?: MarginVenue;
  readonly contender: (seen: Seen) => Contender;
}

type CurveVenue = VenueAdapter & Required<Pick<VenueAdapter, 'liquidity'>>;

/**
 * The instruments of a configuration; undefined where it names none.
 *
 * @throws {InvalidInputError} for a chain that is not configured, and where two entries are for one chain
 */
export function instrumentsOf(
  config: PortfolioConfig,
  chains: readonly ConnectedChain[],
  venues: readonly VenueAdapter[],
  clock: Clock,
): ConfiguredInstruments | undefined {
  const { horizonDays, instruments, owner } = config;
  if (instruments === undefined) return undefined;
  const {
    aaveShort: loans,
    capitalRatePercent,
    holdingDays = horizonDays,
    margin,
    maxParts,
    oneinchLop: books,
    perpV2: perps,
    riskWeight,
    synthetixPerps: synths,
  } = instruments;
  const on = (chainId: number, field: string): ConnectedChain => {
    const found = chains.find((each) => each.config.id === chainId);
    if (found !== undefined) return found;
    throw new InvalidInputError(
      `instruments.${field}.chainId`,
      chainId,
      'is not among the chains',
      'Add it to chains.',
    );
  };
  const curves = venues.filter((venue): venue is CurveVenue => venue.liquidity !== undefined);
  const entries = [
    ...perps.map((each, index) => perpEntry(each, on(each.chainId, `perpV2.${index}`), owner, clock)),
    ...synths.map((each, index) => synthEntry(each, on(each.chainId, `synthetixPerps.${index}`), owner, clock)),
    ...books.map((each, index) => bookEntry(each, on(each.chainId, `oneinchLop.${index}`), index, clock)),
    ...loans.map((each, index) => loanEntry(each, on(each.chainId, `aaveShort.${index}`), curves, owner, clock)),
  ];
  const ids = entries.map(({ adapter }) => adapter.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new InvalidInputError('instruments', twice, 'stands there twice', 'Give one market of a kind and chain.');
  }
  const accounts = keptAccounts(config, on);
  return {
    sources: entries.flatMap(({ source }) => source ?? []),
    instruments: {
      adapters: entries.map(({ adapter }) => adapter),
      contenders: (seen) => entries.map(({ contender }) => contender(seen)),
      terms: {
        days: holdingDays,
        capitalRate: capitalRatePercent / 100,
        riskWeight,
        marginLimits: { maxLeverage: margin.maxLeverage, minDistance: margin.minLiquidationDistancePercent / 100 },
      },
      maxParts,
      ...keptOf(margin, [...entries.flatMap((each) => each.margin ?? []), ...accounts]),
    },
  };
}

/** Margins that are kept; nothing where there are none, or nothing may be done for them. */
function keptOf(
  {
    lookAheadSeconds,
    minLiquidationDistancePercent: least,
    restoreDistancePercent: restored,
    ways,
  }: InstrumentsConfig['margin'],
  venues: readonly MarginVenue[],
): { readonly margin?: MarginKeeping } {
  if (restored !== undefined && restored < least) {
    const hint = 'Give at least minLiquidationDistancePercent.';
    throw new InvalidInputError('instruments.margin.restoreDistancePercent', restored, `is below ${least}`, hint);
  }
  if (venues.length === 0 || ways.length === 0) return {};
  const distance = restored === undefined ? {} : { restoreDistance: restored / 100 };
  return { margin: { venues, ways, lookAheadSeconds, ...distance } };
}

function perpEntry(each: InstrumentsConfig['perpV2'][number], on: ConnectedChain, owner: Address, clock: Clock): Entry {
  const { basisNoiseBps, halfLifeDays, rateNoiseBps, ...named } = each;
  const { baseSymbol, chainId } = named;
  const market = perpV2MarketOf(named, on);
  const adapter = perpV2Instrument({ chains: { [chainId]: market }, clock, id: `perp-v2-${chainId}` });
  const source = perpV2Positions(market);
  const marginSteps = async ({ greeks, ...rest }: TradeQuote, spot: number, signal: AbortSignal) => {
    const before = perpV2Margin(await readPerpV2Account(market, owner, signal));
    return [
      { step: 'now', account: perpetualMargin(before) },
      { step: 'the trade', account: perpetualMargin(perpV2MarginAfter(before, { greeks, ...rest }, spot)) },
    ];
  };
  return {
    adapter,
    source,
    margin: perpV2MarginVenue(market, adapter.id),
    contender: ({ readings, reference }) => ({
      adapter,
      chainId,
      instrument: baseSymbol,
      belief: { halfLifeDays, ratePerSqrtDay: rateNoiseBps / 10_000, basisPerSqrtDay: basisNoiseBps / 10_000 },
      heldUnits: perpUnits(readings, source.id),
      margin: (quoted, signal) => marginSteps(quoted, Number(reference.price), signal),
    }),
  };
}

/** Size of the perpetual that a source has read; nothing where it could not be read. */
function perpUnits(readings: readonly PositionReading[], source: string): DecimalString {
  for (const reading of readings) {
    if (reading.status !== 'known' || reading.asOf.source !== source) continue;
    if (reading.position.kind === 'perpetual') return reading.position.sizeUnits;
  }
  return '0';
}

function synthEntry(
  each: InstrumentsConfig['synthetixPerps'][number],
  on: ConnectedChain,
  owner: Address,
  clock: Clock,
): Entry {
  const { basisNoiseBps, chainId, halfLifeDays, rateNoiseBps, symbol } = each;
  const market = synthetixMarketOf(each, on);
  const adapter = synthetixPerps({ chains: { [chainId]: market }, clock, id: `synthetix-perps-${chainId}` });
  const source = synthetixPerpsPositions(market);
  const marginSteps = async (quoted: TradeQuote, signal: AbortSignal) => {
    const [before, after] = await Promise.all([
      readSynthetixPerpsAccount(market, owner, signal).then(synthetixMargin),
      synthetixMarginAfter(market, quoted, owner, signal),
    ]);
    return [
      { step: 'now', account: perpetualMargin(before) },
      { step: 'the trade', account: perpetualMargin(after) },
    ];
  };
  return {
    adapter,
    source,
    margin: synthetixMarginVenue(market, adapter.id),
    contender: ({ readings }) => ({
      adapter,
      chainId,
      instrument: symbol,
      belief: { halfLifeDays, ratePerSqrtDay: rateNoiseBps / 10_000, basisPerSqrtDay: basisNoiseBps / 10_000 },
      heldUnits: perpUnits(readings, source.id),
      margin: marginSteps,
    }),
  };
}

/** Of a chain that brings its own contracts it may be missing. */
function permit2On(
  { contracts }: { readonly contracts: Partial<ConnectedChain['config']['contracts']> },
  field: string,
): Address {
  if (contracts.permit2 !== undefined) return contracts.permit2;
  const hint = 'Give it there, or among the contracts of the chain.';
  throw new InvalidInputError(field, undefined, 'is not known', hint);
}

/** Orders that others have signed. What it buys is the token itself, which the wallet holds. */
function bookEntry(
  each: InstrumentsConfig['oneinchLop'][number],
  { chain, config }: ConnectedChain,
  index: number,
  clock: Clock,
): Entry {
  const { chainId, limitOrderProtocol, maxOrders, ordersFile } = each;
  const permit2 = each.permit2 ?? permit2On(config, `instruments.oneinchLop.${index}.permit2`);
  const place = { chain, limitOrderProtocol, permit2, resetAllowance: config.resetAllowance };
  const id = `oneinch-lop-${chainId}`;
  const venue = oneinchLop({ chains: { [chainId]: place }, source: fileOrders(ordersFile), maxOrders, id });
  const [underlying, numeraire] = [baseToken(config), quoteToken(config)];
  const adapter = spotInstrument({
    chains: { [chainId]: { chain, underlying, numeraire, venues: [venue] } },
    clock,
    id,
  });
  return {
    adapter,
    contender: ({ balances }) => {
      const held = balances.find(({ token }) => sameToken(token, underlying))?.atoms ?? 0n;
      return {
        adapter,
        chainId,
        instrument: underlying.symbol,
        belief: { halfLifeDays: 0 },
        heldUnits: new Decimal(held.toString()).shiftedBy(-underlying.decimals).toFixed(),
      };
    },
  };
}

function loanEntry(
  each: InstrumentsConfig['aaveShort'][number],
  { chain, config }: ConnectedChain,
  venues: readonly CurveVenue[],
  owner: Address,
  clock: Clock,
): Entry {
  const { addressesProvider, chainId, halfLifeDays, healthFactor, pool, rateNoiseBps } = each;
  const [underlying, numeraire] = [baseToken(config), quoteToken(config)];
  const here = venues.filter(({ capabilities }) => capabilities.chains.includes(chainId));
  const market = { chain, addressesProvider, pool, underlying, numeraire, venues: here };
  const adapter = aaveShort({ chains: { [chainId]: market }, clock, healthFactor, id: `aave-short-${chainId}` });
  const id = `aave-v3-${chainId}-${addressesProvider.toLowerCase()}`;
  const assets = [
    { token: underlying, deltaPerUnit: '1', valuePerUnit: '0' },
    { token: numeraire, deltaPerUnit: '0', valuePerUnit: '1' },
  ];
  const source = aaveV3Account({ chain, addressesProvider, id, assets });
  const place = { chain, addressesProvider, pool, assets, underlying, numeraire };
  const readMargin = aaveMarginReader(place);
  return {
    adapter,
    source,
    margin: aaveMarginVenue(place, `${adapter.id}-margin`, { adapter: adapter.id, instrument: underlying.symbol }),
    contender: ({ readings }) => ({
      adapter,
      chainId,
      instrument: underlying.symbol,
      belief: { halfLifeDays, ratePerSqrtDay: rateNoiseBps / 10_000 },
      heldUnits: owedUnits(readings, id),
      margin: async (quoted, signal) => aaveMarginAfter(place, await readMargin(owner, signal), quoted),
    }),
  };
}

/** Accounts on Aave that no instrument trades, and of which the pool is stated. */
function keptAccounts(
  { instruments, positions }: PortfolioConfig,
  on: (chainId: number, field: string) => ConnectedChain,
): readonly MarginVenue[] {
  return positions.aaveV3.flatMap(({ addressesProvider, assets, chainId, pool }) => {
    const isTraded = instruments?.aaveShort.some(
      (loan) => loan.chainId === chainId && sameAddress(loan.addressesProvider, addressesProvider),
    );
    if (pool === undefined || isTraded === true) return [];
    const each = on(chainId, 'aaveV3');
    const [underlying, numeraire] = [baseToken(each.config), quoteToken(each.config)];
    const place = { chain: each.chain, addressesProvider, pool, underlying, numeraire };
    const id = `aave-v3-${chainId}-${addressesProvider.toLowerCase()}-margin`;
    return aaveMarginVenue({ ...place, assets: aaveAssetsOf(assets, each) }, id);
  });
}

/** What is owed of the underlying, as a short position. */
function owedUnits(readings: readonly PositionReading[], source: string): DecimalString {
  for (const reading of readings) {
    if (reading.status !== 'known' || reading.asOf.source !== source) continue;
    const { position } = reading;
    if (position.kind !== 'lending') continue;
    const owed = position.debt.find(({ deltaPerUnit }) => deltaPerUnit === '1')?.amountUnits ?? '0';
    return Number(owed) === 0 ? '0' : `-${owed}`;
  }
  return '0';
}
