import { aaveV3Watch } from '@evenkeel/adapters/aave-v3';
import { lyraSettlement, lyraWatch } from '@evenkeel/adapters/lyra';
import { perpV2Watch } from '@evenkeel/adapters/perp-v2';
import { synthetixPerpsWatch } from '@evenkeel/adapters/synthetix-perps';
import type { Settlement } from '@evenkeel/core/hedger';
import type { MarginLimits } from '@evenkeel/core/margin';
import type { VenueWatch } from '@evenkeel/core/watch';
import type { PortfolioConfig } from '../config/complete.js';
import { baseToken, type ConnectedChain, quoteToken } from './adapters.js';
import { perpV2MarketOf, synthetixMarketOf } from './derivative-markets.js';

/** A venue on which things happen by themselves, and the instrument that trades on it. */
export interface WatchedVenue {
  readonly watch: VenueWatch;
  /** Absent where nothing is traded there. */
  readonly adapter?: string;
  /** Id of the source that reads the positions that may end there. */
  readonly source: string;
}

/** What watches the venues that a configuration names, and what ends what is over there. */
export interface Watches {
  readonly watched: readonly WatchedVenue[];
  readonly settlements: readonly Settlement[];
}

/** Every venue once, whether it is named as a position, as an instrument, or as both. */
export function watchesOf({ instruments, positions }: PortfolioConfig, chains: readonly ConnectedChain[]): Watches {
  // Chains that are not configured have been refused by those who read positions and trade instruments.
  const on = (chainId: number): ConnectedChain => chains.find(({ config }) => config.id === chainId)!;
  const limits = limitsOf(instruments);
  const perps = both(instruments?.perpV2, positions.perpV2).map(({ entry, isTraded }): WatchedVenue => {
    const { baseToken: base, chainId } = entry;
    const watch = perpV2Watch(perpV2MarketOf(marketOf(entry), on(chainId)), limits);
    return marketOn(watch, `perp-v2-${chainId}-${base}`, `perp-v2-${chainId}`, isTraded);
  });
  const synths = both(instruments?.synthetixPerps, positions.synthetixPerps).map(
    ({ entry, isTraded }): WatchedVenue => {
      const { chainId, market } = entry;
      const watch = synthetixPerpsWatch(synthetixMarketOf(entry, on(chainId)), limits);
      return marketOn(watch, `synthetix-perps-${chainId}-${market}`, `synthetix-perps-${chainId}`, isTraded);
    },
  );
  const loans = [...(instruments?.aaveShort ?? []), ...positions.aaveV3].map((each): WatchedVenue => {
    const { addressesProvider, chainId } = each;
    const { chain, config } = on(chainId);
    const health = leastHealth(each, limits);
    const watch = aaveV3Watch({
      chain,
      addressesProvider,
      reserves: [baseToken(config), quoteToken(config)],
      ...health,
    });
    const adapter = 'healthFactor' in each ? `aave-short-${chainId}` : undefined;
    const id = `aave-v3-${chainId}-${addressesProvider}`.toLowerCase();
    return { watch: renamed(watch, id), source: id, ...(adapter !== undefined && { adapter }) };
  });
  const options = positions.lyra.map((each) => lyraOf(each, on(each.chainId)));
  const all = [...perps, ...synths, ...loans, ...options.flatMap(({ watched }) => watched ?? [])];
  return {
    watched: all.filter(({ watch }, index) => all.findIndex((other) => other.watch.id === watch.id) === index),
    settlements: options.flatMap(({ settlement }) => settlement ?? []),
  };
}

/** What is traded first: of a market that is named twice that is the one that counts. */
function both<T>(
  traded: readonly T[] = [],
  read: readonly T[],
): readonly { readonly entry: T; readonly isTraded: boolean }[] {
  const as = (isTraded: boolean) => (entry: T) => ({ entry, isTraded });
  return [...traded.map(as(true)), ...read.map(as(false))];
}

/** Of a loan that is traded by what each trade leaves, of another that is kept by the distance that it has to keep. */
function leastHealth(
  each: { readonly healthFactor?: number; readonly pool?: string },
  { marginLimits }: { readonly marginLimits?: MarginLimits },
): { readonly minHealthFactor?: number } {
  if (each.healthFactor !== undefined) return { minHealthFactor: HEALTH_SHARE * (each.healthFactor - 1) + 1 };
  if (each.pool === undefined || marginLimits === undefined) return {};
  return { minHealthFactor: 1 / (1 - marginLimits.minDistance) };
}

/** A loan whose health has lost half of what each trade leaves above liquidation is told of. */
const HEALTH_SHARE = 0.5;

function limitsOf(instruments: PortfolioConfig['instruments']): { readonly marginLimits?: MarginLimits } {
  if (instruments === undefined) return {};
  const { maxLeverage, minLiquidationDistancePercent } = instruments.margin;
  return { marginLimits: { maxLeverage, minDistance: minLiquidationDistancePercent / 100 } };
}

type PerpEntry = PortfolioConfig['positions']['perpV2'][number];

/** Without what only an instrument has. */
function marketOf(entry: PerpEntry): PerpEntry {
  const { accountBalance, baseSymbol, baseToken: base, chainId, clearingHouse, clearingHouseConfig, ...rest } = entry;
  const { collateralManager, exchange, quoteToken: quote, vault } = rest;
  const contracts = { accountBalance, clearingHouse, clearingHouseConfig, collateralManager, exchange, vault };
  return { ...contracts, baseSymbol, baseToken: base, chainId, quoteToken: quote };
}

/** Under a name that no other market of the kind on the chain has. */
function renamed(watch: VenueWatch, id: string): VenueWatch {
  return Object.freeze({ ...watch, id: id.toLowerCase() });
}

/** A market whose positions are read under the name of the instrument that trades it. */
function marketOn(watch: VenueWatch, id: string, name: string, isTraded: boolean): WatchedVenue {
  return { watch: renamed(watch, id), source: name, ...(isTraded && { adapter: name }) };
}

function lyraOf(
  each: PortfolioConfig['positions']['lyra'][number],
  { chain }: ConnectedChain,
): { readonly watched?: WatchedVenue; readonly settlement?: Settlement } {
  const { baseAsset, chainId, optionMarketPricer, quoteAsset, shortCollateral, synthetixAdapter, ...contracts } = each;
  const market = {
    ...contracts,
    chain,
    quoteAsset: { chainId, ...quoteAsset },
    baseAsset: { chainId, ...baseAsset },
  };
  const id = `lyra-${chainId}-${contracts.optionMarket}`.toLowerCase();
  const isWatched = optionMarketPricer !== undefined && synthetixAdapter !== undefined;
  return {
    ...(isWatched && {
      watched: { watch: renamed(lyraWatch({ ...market, optionMarketPricer, synthetixAdapter }), id), source: id },
    }),
    ...(shortCollateral !== undefined && {
      settlement: Object.freeze({
        id: `${id}-settlement`,
        name: `Lyra on ${chain.name}`,
        chainId,
        targets: (at: number) => Object.freeze(at === chainId ? [contracts.optionMarket, shortCollateral] : []),
        due: async (owner, signal) => (await lyraSettlement({ ...market, shortCollateral }, owner, signal)).calls,
      } satisfies Settlement),
    }),
  };
}
