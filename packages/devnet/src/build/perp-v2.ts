import { concat, getCreate2Address, keccak256, toBeHex } from 'ethers';
import type { Artifacts } from '../artifacts/fetch.js';
import { DevnetError } from '../errors.js';
import type { PerpV2Contracts } from '../parts.js';
import type { Address, Token } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { Builder } from './builder.js';
import type { PartContext } from './parts.js';
import { sqrtPriceX96, tickAt } from './price-math.js';
import { CREATE2_DEPLOYER, MAX_UINT256 } from './protocols.js';
import { ETH_PRICE_USDC } from './seed.js';
import { mint } from './tokens.js';

const deployer = ACCOUNTS.deployer.address;
const maker = ACCOUNTS.liquidityProvider.address;

const E18 = 10n ** 18n;
const FEED_DECIMALS = 8;
/** As on Optimism: the feed counts as stale after forty minutes, index prices are averaged over a quarter of an hour. */
const FEED_TIMEOUT_SECONDS = 2_400;
const FEED_TWAP_SECONDS = 900;
/** Fee of the Uniswap pool, which Perp scales away, and the fee that it takes instead: parts per million, as on Optimism. */
const POOL_FEE_PPM = 3_000;
const EXCHANGE_FEE_PPM = 1_000;
const TICK_SPACING = 60;
/** The most that a block may move the pool; Perp allows no more than this. */
const MAX_TICKS_WITHIN_BLOCK = 1_000;
/** Enough for half an hour of averages while there is a trade every three seconds. */
const OBSERVATIONS = 600;
/** Mark prices look back half an hour: until then the pool answers `OLD`. */
const HISTORY_SECONDS = 3_600;

/** ETH on each side of the price within so many ticks. */
const MAKER_RANGES = [
  { ticks: 12_000, eth: 1_500n },
  { ticks: 1_800, eth: 600n },
] as const;
const MAKER_DOLLARS = 5_000_000n;
const ARBITRAGEUR_DOLLARS = 20_000_000n;
const INSURANCE_DOLLARS = 500_000n;
/** WETH counts as margin for 70 % of its value, as on Optimism. */
const WETH_RATIO_PPM = 700_000;
const WETH_DISCOUNT_PPM = 100_000;

/** Perp v2 with a market for ETH, a maker, and margin for the arbitrageur. */
export async function buildPerpV2(context: PartContext): Promise<PerpV2Contracts> {
  const { artifacts, builder, tokens, uniswap } = context;
  const virtual = deployMarketTokens(builder, artifacts);
  const core = deployCore(builder, tokens.USDC, uniswap.uniswapV3Factory, virtual.quoteToken);
  wire(builder, core, tokens.WETH);
  const pool = await openMarket(builder, core, virtual, uniswap.uniswapV3Factory);
  acceptWeth(builder, core, tokens.WETH, virtual.priceFeed);
  await builder.flush();
  builder.pass(HISTORY_SECONDS);
  mint(builder, tokens.USDC, core.insuranceFund, dollars(INSURANCE_DOLLARS));
  depositMargin(builder, core.vault, tokens.USDC, ACCOUNTS.arbitrageur.address, dollars(ARBITRAGEUR_DOLLARS));
  depositMargin(builder, core.vault, tokens.USDC, maker, dollars(MAKER_DOLLARS));
  addLiquidity(builder, core.clearingHouse, virtual.baseToken);
  await builder.flush();
  return Object.freeze({ ...core, ...virtual, pool });
}

type MarketTokens = Pick<PerpV2Contracts, 'aggregator' | 'baseToken' | 'priceFeed' | 'quoteToken'>;
type Core = Omit<PerpV2Contracts, 'pool' | keyof MarketTokens>;

/** The feed and the two virtual tokens. Perp wants the base below the quote, so the quote's salt is chosen for it. */
function deployMarketTokens(builder: Builder, artifacts: Artifacts): MarketTokens {
  const price = BigInt(ETH_PRICE_USDC) * 10n ** BigInt(FEED_DECIMALS);
  const aggregator = builder.deploy(deployer, 'PerpAggregator', ['uint8', 'int256'], [FEED_DECIMALS, price]);
  const feed = builder.deploy(
    deployer,
    'PerpChainlinkPriceFeed',
    ['address', 'uint256', 'uint80'],
    [aggregator, FEED_TIMEOUT_SECONDS, FEED_TWAP_SECONDS],
  );
  const priceFeed = builder.deploy(deployer, 'PerpPriceFeedDispatcher', ['address'], [feed]);
  const baseToken = builder.deploy(deployer, 'PerpBaseToken');
  const code = artifacts['PerpQuoteToken'] ?? '0x';
  const quoteToken = deployAbove(builder, baseToken, code);
  builder.send(deployer, baseToken, 'initialize(string,string,address)', ['vETH', 'vETH', priceFeed]);
  return { aggregator, priceFeed, baseToken, quoteToken };
}

/** By CREATE2, so that the address can be chosen. Whoever calls `initialize` first owns it. */
function deployAbove(builder: Builder, floor: Address, code: string): Address {
  const hash = keccak256(code);
  for (let attempt = 0; attempt < 256; attempt += 1) {
    const salt = toBeHex(attempt, 32);
    const address = getCreate2Address(CREATE2_DEPLOYER, salt, hash) as Address;
    if (BigInt(address) <= BigInt(floor)) continue;
    builder.sendRaw(deployer, CREATE2_DEPLOYER, concat([salt, code]), 'deployment of the quote token');
    builder.send(deployer, address, 'initialize(string,string)', ['vUSD', 'vUSD']);
    return address;
  }
  throw new DevnetError(
    'DEPLOYMENT_FAILED',
    `No address above ${floor} was found for Perp's quote token. Report this.`,
  );
}

/** The contracts, each initialised with those that it is told of. */
function deployCore(builder: Builder, usdc: Token, factory: Address, quoteToken: Address): Core {
  const deploy = (contract: string): Address => builder.deploy(deployer, contract);
  const initialize = (to: Address, ...args: readonly (Address | bigint | number)[]): void => {
    const types = args.map((arg) => (typeof arg === 'string' ? 'address' : 'uint256'));
    builder.send(deployer, to, `initialize(${types.join()})`, args);
  };
  const core: Core = {
    clearingHouse: deploy('PerpClearingHouse'),
    clearingHouseConfig: deploy('PerpClearingHouseConfig'),
    vault: deploy('PerpVault'),
    exchange: deploy('PerpExchange'),
    orderBook: deploy('PerpOrderBook'),
    accountBalance: deploy('PerpAccountBalance'),
    marketRegistry: deploy('PerpMarketRegistry'),
    insuranceFund: deploy('PerpInsuranceFund'),
    collateralManager: deploy('PerpCollateralManager'),
  };
  const { accountBalance, clearingHouse, clearingHouseConfig, exchange, insuranceFund, orderBook, vault } = core;
  initialize(clearingHouseConfig);
  initialize(core.marketRegistry, factory, quoteToken);
  initialize(orderBook, core.marketRegistry);
  builder.send(deployer, orderBook, 'setExchange(address)', [exchange]);
  initialize(insuranceFund, usdc.address);
  initialize(exchange, core.marketRegistry, orderBook, clearingHouseConfig);
  initialize(accountBalance, clearingHouseConfig, orderBook);
  initialize(vault, insuranceFund, clearingHouseConfig, accountBalance, exchange);
  initialize(clearingHouse, clearingHouseConfig, vault, quoteToken, factory, exchange, accountBalance, insuranceFund);
  // Perp's own values: at most five collaterals; debt up to 75 % of the other collateral; half of it is liquidated at a
  // time, 0.2 % above the margin requirement, 3 % for the insurance fund; debt above 10,000 USDC is never left; dust is 500.
  const limits = [5, 750_000, 500_000, 2_000, 30_000, dollars(10_000n), dollars(500n)];
  builder.send(
    deployer,
    core.collateralManager,
    'initialize(address,address,uint8,uint24,uint24,uint24,uint24,uint256,uint256)',
    [clearingHouseConfig, vault, ...limits],
  );
  return core;
}

/** Tells the contracts of each other. */
function wire(builder: Builder, core: Core, weth: Token): void {
  const set = (of: Address, name: string, value: Address): void =>
    builder.send(deployer, of, `set${name}(address)`, [value]);
  const { accountBalance, clearingHouse, exchange, insuranceFund, marketRegistry, orderBook, vault } = core;
  set(insuranceFund, 'Vault', vault);
  set(accountBalance, 'Vault', vault);
  set(exchange, 'AccountBalance', accountBalance);
  set(vault, 'CollateralManager', core.collateralManager);
  set(vault, 'WETH9', weth.address);
  for (const each of [marketRegistry, orderBook, exchange, accountBalance, vault]) {
    set(each, 'ClearingHouse', clearingHouse);
  }
  // The cap of deposits starts at nothing.
  builder.send(deployer, core.clearingHouseConfig, 'setSettlementTokenBalanceCap(uint256)', [MAX_UINT256]);
}

/** The pool, opened at the feed's price, and the market over it. */
async function openMarket(builder: Builder, core: Core, virtual: MarketTokens, factory: Address): Promise<Address> {
  const { baseToken, quoteToken } = virtual;
  const { clearingHouse, exchange, marketRegistry } = core;
  builder.send(deployer, factory, 'createPool(address,address,uint24)', [baseToken, quoteToken, POOL_FEE_PPM]);
  await builder.flush();
  const [created] = await builder.read(factory, 'getPool(address,address,uint24) view returns (address)', [
    baseToken,
    quoteToken,
    POOL_FEE_PPM,
  ]);
  const pool = created as Address;
  builder.send(deployer, pool, 'initialize(uint160)', [openingPriceX96()]);
  builder.send(deployer, pool, 'increaseObservationCardinalityNext(uint16)', [OBSERVATIONS]);
  for (const token of [baseToken, quoteToken]) {
    builder.send(deployer, token, 'mintMaximumTo(address)', [clearingHouse]);
    builder.send(deployer, token, 'addWhitelist(address)', [clearingHouse]);
    builder.send(deployer, token, 'addWhitelist(address)', [pool]);
  }
  builder.send(deployer, marketRegistry, 'addPool(address,uint24)', [baseToken, POOL_FEE_PPM]);
  builder.send(deployer, marketRegistry, 'setFeeRatio(address,uint24)', [baseToken, EXCHANGE_FEE_PPM]);
  const limit = [baseToken, MAX_TICKS_WITHIN_BLOCK];
  builder.send(deployer, exchange, 'setMaxTickCrossedWithinBlock(address,uint24)', limit);
  return pool;
}

function acceptWeth(builder: Builder, { collateralManager }: Core, weth: Token, priceFeed: Address): void {
  const terms = [priceFeed, WETH_RATIO_PPM, WETH_DISCOUNT_PPM, MAX_UINT256];
  const signature = 'addCollateral(address,(address,uint24,uint24,uint256))';
  builder.send(deployer, collateralManager, signature, [weth.address, terms]);
}

function depositMargin(builder: Builder, vault: Address, usdc: Token, owner: Address, atoms: bigint): void {
  mint(builder, usdc, owner, atoms);
  builder.send(owner, usdc.address, 'approve(address,uint256)', [vault, atoms]);
  builder.send(owner, vault, 'deposit(address,uint256)', [usdc.address, atoms]);
}

function addLiquidity(builder: Builder, clearingHouse: Address, baseToken: Address): void {
  const middle = Math.round(tickAt(openingPriceX96()) / TICK_SPACING) * TICK_SPACING;
  const signature = 'addLiquidity((address,uint256,uint256,int24,int24,uint256,uint256,bool,uint256))';
  for (const { eth, ticks } of MAKER_RANGES) {
    const amounts = [eth * E18, eth * BigInt(ETH_PRICE_USDC) * E18];
    const order = [baseToken, ...amounts, middle - ticks, middle + ticks, 0, 0, false, MAX_UINT256];
    builder.send(maker, clearingHouse, signature, [order]);
  }
}

/** Both virtual tokens have 18 decimals. */
const openingPriceX96 = (): bigint => sqrtPriceX96(1n, BigInt(ETH_PRICE_USDC));
const dollars = (units: bigint): bigint => units * 10n ** 6n;
