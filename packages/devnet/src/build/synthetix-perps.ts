import { concat, encodeBytes32String, getCreate2Address, id, keccak256, toBeHex } from 'ethers';
import type { SynthetixPerpsContracts } from '../parts.js';
import type { Address } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { Builder } from './builder.js';
import type { PartContext } from './parts.js';
import { CREATE2_DEPLOYER, ZERO_ADDRESS } from './protocols.js';
import { ETH_PRICE_USDC } from './seed.js';

const deployer = ACCOUNTS.deployer.address;
const trader = ACCOUNTS.trader.address;
const other = ACCOUNTS.liquidityProvider.address;

const E18 = 10n ** 18n;
const E14 = 10n ** 14n;
const FEED_DECIMALS = 8;
const BASE_ASSET = encodeBytes32String('sETH');
const MARKET_KEY = encodeBytes32String('sETHPERP');

/** sUSD that the trader, and somebody to trade against, have at the beginning. */
const DOLLARS = 1_000_000n;
/** A price counts as stale after a day. */
const STALE_SECONDS = 86_400n;

/** Returns 96 bytes of zeros to any call: PUSH1 0x60, PUSH0, RETURN. */
const ZEROS_CODE = '0x6360605ff35f526004601cf3';

/**
 * Per market, in the order of the settings' own record. Fees are those of Optimism's delayed orders, 2 and 6 bp; here they are
 * taken of orders that are filled at once.
 */
const MARKET_TERMS: readonly (bigint | string)[] = [
  ...[6n * E14, 2n * E14, 6n * E14, 2n * E14, 6n * E14, 2n * E14],
  // Leverage, units a side, funding velocity a day, and the skew at which it is reached.
  ...[25n * E18, 20_000n * E18, 9n * E18, 1_000_000n * E18],
  // Windows of delayed orders, which are not routed here.
  ...[2n, 120n, 60n, 6_000n, 2n, 60n, encodeBytes32String('ocETHPERP'), 15n * E14],
  // Liquidation: premium, buffer, and what a keeper may take at once.
  ...[E18, 75n * E14, E18 / 100n, 75n * E14],
];
const TERMS_TYPE = `(${MARKET_TERMS.map((each) => (typeof each === 'string' ? 'bytes32' : 'uint256')).join()})`;

/** What each fragment answers for the market. */
const ROUTES = {
  views: [
    ...['accessibleMargin(address)', 'accruedFunding(address)', 'assetPrice()', 'baseAsset()', 'canLiquidate(address)'],
    ...['currentFundingRate()', 'currentFundingVelocity()', 'fillPrice(int256)', 'fundingLastRecomputed()'],
    ...['isFlagged(address)', 'liquidationFee(address)', 'liquidationPrice(address)', 'marketDebt()', 'marketKey()'],
    ...['marketSize()', 'marketSizes()', 'marketSkew()', 'notionalValue(address)', 'orderFee(int256,uint8)'],
    ...['positions(address)', 'postTradeDetails(int256,uint256,uint8,address)', 'profitLoss(address)'],
    ...['remainingMargin(address)', 'unrecordedFunding()'],
  ],
  orders: [
    ...['transferMargin(int256)', 'withdrawAllMargin()', 'modifyPosition(int256,uint256)', 'closePosition(uint256)'],
    'recomputeFunding()',
  ],
  liquidations: ['flagPosition(address)', 'liquidatePosition(address)'],
} as const;

/** PerpsV2 with a market for ETH in which nobody has a position yet: funding would run until the world opens. */
export async function buildSynthetixPerps({ builder }: PartContext): Promise<SynthetixPerpsContracts> {
  const deploy = (contract: string, types: readonly string[], args: readonly unknown[]): Address =>
    builder.deploy(deployer, `Snx${contract}`, types, args);
  const owned = (contract: string, resolver?: Address): Address =>
    resolver === undefined
      ? deploy(contract, ['address'], [deployer])
      : deploy(contract, ['address', 'address'], [deployer, resolver]);
  const standIn = deployZeros(builder);
  const addressResolver = owned('AddressResolver');
  const systemStatus = owned('SystemStatus');
  const flexibleStorage = deploy('FlexibleStorage', ['address'], [addressResolver]);
  const math = builder.deploy(deployer, 'SnxSafeDecimalMath');
  const exchangeRates = builder.deploy(
    deployer,
    'SnxExchangeRates',
    ['address', 'address'],
    [deployer, addressResolver],
    { 'ExchangeRates.sol:SafeDecimalMath': math },
  );
  const futuresMarketManager = owned('FuturesMarketManager', addressResolver);
  const marketSettings = owned('PerpsV2MarketSettings', addressResolver);
  const { sUSD, synth } = deployDollar(builder, addressResolver);
  const price = BigInt(ETH_PRICE_USDC) * 10n ** BigInt(FEED_DECIMALS);
  const aggregator = deploy('Aggregator', ['uint8', 'int256'], [FEED_DECIMALS, price]);
  const { fragments, market, marketState } = deployMarket(builder, addressResolver);

  resolve(builder, addressResolver, {
    ...{ ExchangeRates: exchangeRates, SystemStatus: systemStatus, FlexibleStorage: flexibleStorage },
    ...{ FuturesMarketManager: futuresMarketManager, PerpsV2MarketSettings: marketSettings, SynthsUSD: synth },
    ...{ Exchanger: standIn, FeePool: standIn, CircuitBreaker: standIn, PerpsV2ExchangeRate: standIn },
    ...{ CollateralManager: standIn, EtherWrapper: standIn, WrapperFactory: standIn },
    // Issues dollars and says how long a price is believed, in the place of two contracts that nobody else asks here.
    ...{ Issuer: deployer, SystemSettings: deployer },
  });
  const cached = [exchangeRates, futuresMarketManager, marketSettings, synth, ...fragments];
  for (const each of cached) builder.send(deployer, each, 'rebuildCache()');
  const staleness = [encodeBytes32String('SystemSettings'), encodeBytes32String('rateStalePeriod'), STALE_SECONDS];
  builder.send(deployer, flexibleStorage, 'setUIntValue(bytes32,bytes32,uint256)', staleness);
  builder.send(deployer, exchangeRates, 'addAggregator(bytes32,address)', [BASE_ASSET, aggregator]);
  builder.send(deployer, futuresMarketManager, 'addProxiedMarkets(address[])', [[market]]);
  setTerms(builder, marketSettings);
  for (const to of [trader, other]) builder.send(deployer, synth, 'issue(address,uint256)', [to, DOLLARS * E18]);
  await builder.flush();
  return Object.freeze({
    ...{ market, marketState, marketSettings, futuresMarketManager, exchangeRates, systemStatus },
    ...{ addressResolver, sUSD, aggregator, standIn },
  });
}

function deployZeros(builder: Builder): Address {
  const salt = toBeHex(0, 32);
  builder.sendRaw(deployer, CREATE2_DEPLOYER, concat([salt, ZEROS_CODE]), 'deployment of the stand-in of Synthetix');
  return getCreate2Address(CREATE2_DEPLOYER, salt, keccak256(ZEROS_CODE)) as Address;
}

/** The real synth behind its real proxy: what people hold is the proxy. */
function deployDollar(builder: Builder, resolver: Address): { readonly sUSD: Address; readonly synth: Address } {
  const sUSD = builder.deploy(deployer, 'SnxProxyERC20', ['address'], [deployer]);
  const state = builder.deploy(deployer, 'SnxTokenState', ['address', 'address'], [deployer, ZERO_ADDRESS]);
  const synth = builder.deploy(
    deployer,
    'SnxMultiCollateralSynth',
    ['address', 'address', 'string', 'string', 'address', 'bytes32', 'uint256', 'address'],
    [sUSD, state, 'Synth sUSD', 'sUSD', deployer, encodeBytes32String('sUSD'), 0n, resolver],
  );
  builder.send(deployer, sUSD, 'setTarget(address)', [synth]);
  builder.send(deployer, state, 'setAssociatedContract(address)', [synth]);
  return { sUSD, synth };
}

interface Market {
  readonly market: Address;
  readonly marketState: Address;
  readonly fragments: readonly Address[];
}

function deployMarket(builder: Builder, resolver: Address): Market {
  const market = builder.deploy(deployer, 'SnxProxyPerpsV2', ['address'], [deployer]);
  const marketState = builder.deploy(
    deployer,
    'SnxPerpsV2MarketState',
    ['address', 'address[]', 'bytes32', 'bytes32', 'address'],
    [deployer, [], BASE_ASSET, MARKET_KEY, ZERO_ADDRESS],
  );
  const ofProxy = (name: string): Address =>
    builder.deploy(
      deployer,
      `SnxPerpsV2Market${name}`,
      ['address', 'address', 'address', 'address'],
      [market, marketState, deployer, resolver],
    );
  const [orders, liquidations] = [ofProxy(''), ofProxy('Liquidate')];
  const views = builder.deploy(
    deployer,
    'SnxPerpsV2MarketViews',
    ['address', 'address', 'address'],
    [marketState, deployer, resolver],
  );
  builder.send(deployer, marketState, 'addAssociatedContracts(address[])', [[orders, liquidations]]);
  builder.send(deployer, marketState, 'linkOrInitializeState()');
  const route = (signatures: readonly string[], to: Address, isView: boolean): void => {
    for (const signature of signatures) {
      builder.send(deployer, market, 'addRoute(bytes4,address,bool)', [id(signature).slice(0, 10), to, isView]);
    }
  };
  route(ROUTES.views, views, true);
  route(ROUTES.orders, orders, false);
  route(ROUTES.liquidations, liquidations, false);
  return { market, marketState, fragments: [orders, liquidations, views] };
}

function resolve(builder: Builder, resolver: Address, contracts: Readonly<Record<string, Address>>): void {
  const names = Object.keys(contracts).map(encodeBytes32String);
  builder.send(deployer, resolver, 'importAddresses(bytes32[],address[])', [names, Object.values(contracts)]);
}

function setTerms(builder: Builder, settings: Address): void {
  const set = (signature: string, args: readonly unknown[]): void => builder.send(deployer, settings, signature, args);
  set('setMinInitialMargin(uint256)', [50n * E18]);
  set('setMinKeeperFee(uint256)', [2n * E18]);
  set('setMaxKeeperFee(uint256)', [1_000n * E18]);
  set('setLiquidationFeeRatio(uint256)', [35n * E14]);
  set('setKeeperLiquidationFee(uint256)', [2n * E18]);
  set(`setParameters(bytes32,${TERMS_TYPE})`, [MARKET_KEY, MARKET_TERMS]);
}
