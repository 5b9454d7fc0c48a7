import type { AaveV3Contracts } from '../parts.js';
import type { Address, Token } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { Builder } from './builder.js';
import type { PartContext } from './parts.js';
import { MAX_UINT256, ZERO_ADDRESS } from './protocols.js';
import { ETH_PRICE_USDC } from './seed.js';
import { mint } from './tokens.js';

const deployer = ACCOUNTS.deployer.address;
const lender = ACCOUNTS.liquidityProvider.address;

const RAY = 10n ** 27n;
const LOGIC = 'contracts/protocol/libraries/logic';
/** Dollars with eight decimals, in which Aave counts. */
const BASE_UNIT = 10n ** 8n;

interface ReservePlan {
  readonly token: Token;
  readonly dollars: number;
  /** As on Ethereum in 2024, hundredths of a percent. */
  readonly ltv: number;
  readonly liquidationThreshold: number;
  /** 105 % is a bonus of 5 %. */
  readonly liquidationBonus: number;
  /** What the world's liquidity provider lends, units. */
  readonly lent: bigint;
}

/** Aave v3 with three reserves that can be lent, borrowed and used as collateral, and something in each to be borrowed. */
export async function buildAaveV3({ builder, tokens }: PartContext): Promise<AaveV3Contracts> {
  const { USDC, USDT, WETH } = tokens;
  const reserves: readonly ReservePlan[] = [
    {
      token: WETH,
      dollars: ETH_PRICE_USDC,
      ltv: 8050,
      liquidationThreshold: 8300,
      liquidationBonus: 10_500,
      lent: 2_000n,
    },
    { token: USDC, dollars: 1, ltv: 7500, liquidationThreshold: 7800, liquidationBonus: 10_450, lent: 3_000_000n },
    { token: USDT, dollars: 1, ltv: 7500, liquidationThreshold: 7800, liquidationBonus: 10_450, lent: 1_000_000n },
  ];
  const addressesProvider = builder.deploy(
    deployer,
    'AavePoolAddressesProvider',
    ['string', 'address'],
    ['Evenkeel local market', deployer],
  );
  const feeds = reserves.map(({ dollars }) =>
    builder.deploy(deployer, 'AaveMockAggregator', ['int256'], [BigInt(dollars) * BASE_UNIT]),
  );
  const { oracle, protocolDataProvider } = govern(builder, addressesProvider, reserves, feeds);
  const { pool, poolConfigurator } = await deployPool(builder, addressesProvider);
  list(builder, { addressesProvider, pool, poolConfigurator }, reserves);
  await builder.flush();
  for (const { lent, token } of reserves) lend(builder, pool, token, lent);
  await builder.flush();
  const [wethFeed, usdcFeed, usdtFeed] = feeds as [Address, Address, Address];
  return Object.freeze({
    addressesProvider,
    pool,
    poolConfigurator,
    oracle,
    protocolDataProvider,
    feeds: Object.freeze({ WETH: wethFeed, USDC: usdcFeed, USDT: usdtFeed }),
  });
}

/** Rights, prices and the view of all data. */
function govern(
  builder: Builder,
  provider: Address,
  reserves: readonly ReservePlan[],
  feeds: readonly Address[],
): Pick<AaveV3Contracts, 'oracle' | 'protocolDataProvider'> {
  const tell = (signature: string, address: Address): void => builder.send(deployer, provider, signature, [address]);
  tell('setACLAdmin(address)', deployer);
  const acl = builder.deploy(deployer, 'AaveACLManager', ['address'], [provider]);
  tell('setACLManager(address)', acl);
  builder.send(deployer, acl, 'addPoolAdmin(address)', [deployer]);
  const oracle = builder.deploy(
    deployer,
    'AaveOracle',
    ['address', 'address[]', 'address[]', 'address', 'address', 'uint256'],
    [provider, reserves.map(({ token }) => token.address), feeds, ZERO_ADDRESS, ZERO_ADDRESS, BASE_UNIT],
  );
  tell('setPriceOracle(address)', oracle);
  const protocolDataProvider = builder.deploy(deployer, 'AaveProtocolDataProvider', ['address'], [provider]);
  tell('setPoolDataProvider(address)', protocolDataProvider);
  return { oracle, protocolDataProvider };
}

/** The pool and its configurator, behind the proxies that the addresses provider makes of them. */
async function deployPool(
  builder: Builder,
  provider: Address,
): Promise<Pick<AaveV3Contracts, 'pool' | 'poolConfigurator'>> {
  const linked = (name: string, links: Readonly<Record<string, Address>> = {}): Readonly<Record<string, Address>> => ({
    [`${LOGIC}/${name}.sol:${name}`]: builder.deploy(deployer, `Aave${name}`, [], [], links),
  });
  const borrow = linked('BorrowLogic');
  const logic = {
    ...borrow,
    ...linked('FlashLoanLogic', borrow),
    ...linked('BridgeLogic'),
    ...linked('EModeLogic'),
    ...linked('LiquidationLogic'),
    ...linked('PoolLogic'),
    ...linked('SupplyLogic'),
  };
  const pool = builder.deploy(deployer, 'AavePool', ['address'], [provider], logic);
  builder.send(deployer, provider, 'setPoolImpl(address)', [pool]);
  const configurator = builder.deploy(deployer, 'AavePoolConfigurator', [], [], linked('ConfiguratorLogic'));
  builder.send(deployer, provider, 'setPoolConfiguratorImpl(address)', [configurator]);
  await builder.flush();
  const read = async (name: string): Promise<Address> =>
    (await builder.read(provider, `${name}() view returns (address)`))[0] as Address;
  return { pool: await read('getPool'), poolConfigurator: await read('getPoolConfigurator') };
}

const INIT_RESERVES =
  'initReserves((address,address,address,uint8,address,address,address,address,string,string,string,string,string,string,bytes)[])';

function list(
  builder: Builder,
  {
    addressesProvider,
    pool,
    poolConfigurator,
  }: Pick<AaveV3Contracts, 'addressesProvider' | 'pool' | 'poolConfigurator'>,
  reserves: readonly ReservePlan[],
): void {
  const token = (contract: string): Address => builder.deploy(deployer, contract, ['address'], [pool]);
  const [aToken, stableDebt, variableDebt] = ['AToken', 'StableDebtToken', 'VariableDebtToken'].map((name) =>
    token(`Aave${name}`),
  );
  // Optimal use 80 %, variable slopes 4 % and 60 %, stable ones 2 % and 60 %: Aave's own for volatile assets.
  const rates = [80n, 0n, 4n, 60n, 2n, 60n, 2n, 5n, 20n].map((percent) => (percent * RAY) / 100n);
  const strategy = builder.deploy(
    deployer,
    'AaveDefaultReserveInterestRateStrategy',
    ['address', ...rates.map(() => 'uint256')],
    [addressesProvider, ...rates],
  );
  const inputs = reserves.map(({ token: { address, decimals, symbol } }) => [
    ...[aToken, stableDebt, variableDebt, decimals, strategy, address, deployer, ZERO_ADDRESS],
    ...[`Aave ${symbol}`, `a${symbol}`, `Aave variable debt ${symbol}`, `variableDebt${symbol}`],
    ...[`Aave stable debt ${symbol}`, `stableDebt${symbol}`, '0x'],
  ]);
  builder.send(deployer, poolConfigurator, INIT_RESERVES, [inputs]);
  for (const { liquidationBonus, liquidationThreshold, ltv, token: asset } of reserves) {
    const collateral = 'configureReserveAsCollateral(address,uint256,uint256,uint256)';
    const terms = [asset.address, ltv, liquidationThreshold, liquidationBonus];
    builder.send(deployer, poolConfigurator, collateral, terms);
    builder.send(deployer, poolConfigurator, 'setReserveBorrowing(address,bool)', [asset.address, true]);
  }
}

function lend(builder: Builder, pool: Address, token: Token, units: bigint): void {
  const atoms = units * 10n ** BigInt(token.decimals);
  mint(builder, token, lender, atoms);
  // Tether refuses to change an allowance that is not zero; nothing was allowed to the pool before.
  builder.send(lender, token.address, 'approve(address,uint256)', [pool, MAX_UINT256]);
  builder.send(lender, pool, 'supply(address,uint256,address,uint16)', [token.address, atoms, lender, 0]);
}
