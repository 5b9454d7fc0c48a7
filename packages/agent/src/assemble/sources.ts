import { type AaveAsset, aaveV3Account } from '@evenkeel/adapters/aave-v3';
import { erc20Holdings } from '@evenkeel/adapters/erc20';
import { erc4626Holdings } from '@evenkeel/adapters/erc4626';
import { lyraPositions } from '@evenkeel/adapters/lyra';
import { optionBook, type OptionBookConfig, optionBookView } from '@evenkeel/adapters/option-book';
import { perpV2Positions } from '@evenkeel/adapters/perp-v2';
import {
  feedAnswer,
  type PriceBump,
  revalue,
  storageWord,
  uniswapV3Price,
  type ViewValue,
} from '@evenkeel/adapters/revalue';
import { synthetixPerpsPositions } from '@evenkeel/adapters/synthetix-perps';
import { uniswapV2Positions } from '@evenkeel/adapters/uniswap-v2';
import { uniswapV3Positions } from '@evenkeel/adapters/uniswap-v3';
import { uniswapV4Positions } from '@evenkeel/adapters/uniswap-v4';
import { type Address, type Clock, Decimal, NATIVE_ADDRESS, type PositionSource, sameAddress } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import type { PortfolioConfig } from '../config/complete.js';
import type { PositionsConfig } from '../config/positions-schema.js';
import { baseToken, type ConnectedChain, quoteToken } from './adapters.js';
import { perpV2MarketOf, synthetixMarketOf } from './derivative-markets.js';

/**
 * Everything that the owner's positions are read from.
 *
 * @throws INVALID_INPUT where a source names a chain that is not configured, OPTION_BOOK_INVALID, CONFIG_UNIT_MISSING
 */
export function sourcesOf(
  { positions, underlying }: PortfolioConfig,
  chains: readonly ConnectedChain[],
  clock: Clock,
): readonly PositionSource[] {
  const { optionBook: book } = positions;
  return [
    ...(book === undefined ? [] : [optionBook(book as unknown as OptionBookConfig, { clock })]),
    ...chains.flatMap((each) => protocolSources(each, positions)),
    ...namedSources(positions, underlying, chains),
  ];
}

/** What every chain that has the contracts is asked for. */
function protocolSources(each: ConnectedChain, positions: PositionsConfig): readonly PositionSource[] {
  const { holdings, uniswapV2, uniswapV3, uniswapV4, uniswapV4FromBlock } = positions;
  const market = marketOf(each);
  const sources = {
    v2: () =>
      positionsOn(each, ['uniswapV2Factory'], (at) =>
        uniswapV2Positions({ ...market, factory: at('uniswapV2Factory') }),
      ),
    v3: () =>
      positionsOn(each, ['uniswapV3Factory', 'uniswapV3PositionManager'], (at) =>
        uniswapV3Positions({
          ...market,
          factory: at('uniswapV3Factory'),
          positionManager: at('uniswapV3PositionManager'),
        }),
      ),
    v4: () =>
      positionsOn(each, ['uniswapV4StateView', 'uniswapV4PositionManager'], (at) =>
        uniswapV4Positions({
          ...market,
          stateView: at('uniswapV4StateView'),
          positionManager: at('uniswapV4PositionManager'),
          // Where it is not, the native coin has a price of its own.
          nativeIsUnderlying: each.config.nativePriceUsd === undefined,
          fromBlock: uniswapV4FromBlock[String(each.config.id)] ?? 0,
        }),
      ),
  };
  return [
    ...(holdings ? [holdingsOn(each)] : []),
    ...(uniswapV2 ? sources.v2() : []),
    ...(uniswapV3 ? sources.v3() : []),
    ...(uniswapV4 ? sources.v4() : []),
  ];
}

/** Accounts, vaults, contracts and views that the configuration names one by one. */
function namedSources(
  positions: PositionsConfig,
  underlying: string,
  chains: readonly ConnectedChain[],
): readonly PositionSource[] {
  const on = (chainId: number, field: string): ConnectedChain => {
    const found = chains.find(({ config }) => config.id === chainId);
    if (found !== undefined) return found;
    throw new InvalidInputError(`positions.${field}.chainId`, chainId, 'is not among the chains', 'Add it to chains.');
  };
  const { aaveV3, erc4626, lyra, optionContracts, perpV2, synthetixPerps } = positions;
  return [
    ...aaveV3.map(({ addressesProvider, assets, chainId }, index) => {
      const each = on(chainId, `aaveV3.${index}`);
      const id = `aave-v3-${chainId}-${addressesProvider.toLowerCase()}`;
      return aaveV3Account({ chain: each.chain, addressesProvider, assets: aaveAssetsOf(assets, each), id });
    }),
    ...lyra.map(({ baseAsset, chainId, quoteAsset, volatility, ...more }, index) => {
      const { chain } = on(chainId, `lyra.${index}`);
      const { optionGreekCache, optionMarket, optionToken } = more;
      const contracts = { optionGreekCache, optionMarket, optionToken };
      const assets = { quoteAsset: { chainId, ...quoteAsset }, baseAsset: { chainId, ...baseAsset } };
      const id = `lyra-${chainId}-${contracts.optionMarket.toLowerCase()}`;
      return lyraPositions({ ...contracts, ...assets, chain, volatility, id });
    }),
    // Under the names that they have as instruments: what stands in both places is one position.
    ...perpV2.map((each, index) => perpV2Positions(perpV2MarketOf(each, on(each.chainId, `perpV2.${index}`)))),
    ...synthetixPerps.map((each, index) =>
      synthetixPerpsPositions(synthetixMarketOf(each, on(each.chainId, `synthetixPerps.${index}`))),
    ),
    ...erc4626.map(({ asset, chainId, vault, ...more }, index) => {
      const { chain } = on(chainId, `erc4626.${index}`);
      const id = `erc4626-${chainId}-${vault.toLowerCase()}`;
      return erc4626Holdings({ chain, vaults: [{ vault, asset: { chainId, ...asset }, ...present(more) }], id });
    }),
    ...optionContracts.map(({ chainId, contract, ratePercent }, index) => {
      const { chain } = on(chainId, `optionContracts.${index}`);
      const annualRate = new Decimal(ratePercent).shiftedBy(-2).toFixed();
      const id = `option-book-view-${chainId}-${contract.toLowerCase()}`;
      return optionBookView({ chain, contract, underlying, annualRate, id });
    }),
    ...positions.revalue.map((each, index) => revalued(each, on(each.chainId, `revalue.${index}`))),
  ];
}

/** The chain's own base and quote, and what is stated beside them. */
export function aaveAssetsOf(
  assets: PositionsConfig['aaveV3'][number]['assets'],
  { config }: Pick<ConnectedChain, 'config'>,
): readonly AaveAsset[] {
  const own = [
    { token: baseToken(config), deltaPerUnit: '1', valuePerUnit: '0' },
    { token: quoteToken(config), deltaPerUnit: '0', valuePerUnit: '1' },
  ];
  const stated = assets.map(({ token, ...more }) => ({ token: { chainId: config.id, ...token }, ...present(more) }));
  return [
    ...stated,
    ...own.filter(({ token }) => !stated.some((other) => sameAddress(other.token.address, token.address))),
  ];
}

function revalued(each: PositionsConfig['revalue'][number], { chain, config }: ConnectedChain): PositionSource {
  const { bumpPercent, holding, id, label, price, validWithinPercent, value } = each;
  const viewOf = (view: typeof value): ViewValue => present(view);
  return revalue({
    chain,
    id,
    label,
    value: viewOf(value),
    price: viewOf(price),
    bump: bumpOf(each.bump),
    ...(holding === undefined ? {} : { holding: viewOf(holding) }),
    bumpShare: bumpPercent / 100,
    validWithinShare: validWithinPercent / 100,
    ...(config.contracts.multicall3 === undefined ? {} : { multicall3: config.contracts.multicall3 }),
  });
}

function bumpOf(bump: PositionsConfig['revalue'][number]['bump']): PriceBump {
  switch (bump.kind) {
    case 'feed':
      return feedAnswer(bump);
    case 'storage':
      return storageWord(present(bump));
    case 'uniswap-v3':
      return uniswapV3Price(bump);
  }
}

/** Without the keys whose value is undefined. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

type ContractName = keyof ConnectedChain['config']['contracts'];

/** A source for a chain that has the contracts; a chain without them can hold no such positions. */
function positionsOn(
  { config }: ConnectedChain,
  names: readonly ContractName[],
  source: (at: (name: ContractName) => Address) => PositionSource,
): readonly PositionSource[] {
  const complete = names.every((name) => config.contracts[name] !== undefined);
  return complete ? [source((name) => config.contracts[name]!)] : [];
}

function marketOf({ chain, config }: ConnectedChain) {
  return { chain, underlying: baseToken(config), numeraires: [quoteToken(config)] };
}

/** The underlying, the numeraire and the native coin, which is the underlying unless it has a price of its own. */
function holdingsOn({ chain, config }: ConnectedChain): PositionSource {
  const native = { chainId: config.id, address: NATIVE_ADDRESS, symbol: 'native', decimals: 18 };
  const foreign = config.nativePriceUsd;
  return erc20Holdings({
    chain,
    tokens: [
      { token: baseToken(config), deltaPerUnit: '1', valuePerUnit: '0' },
      { token: quoteToken(config), deltaPerUnit: '0', valuePerUnit: '1' },
      foreign === undefined
        ? { token: native, deltaPerUnit: '1', valuePerUnit: '0' }
        : { token: native, deltaPerUnit: '0', valuePerUnit: foreign },
    ],
    ...(config.contracts.multicall3 === undefined ? {} : { multicall3: config.contracts.multicall3 }),
  });
}
