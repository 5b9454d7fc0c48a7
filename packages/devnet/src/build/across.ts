import { encodeBytes32String } from 'ethers';
import type { Address, Token } from '../world.js';
import { ACCOUNTS, testAccount } from './accounts.js';
import { encodeCall } from './builder.js';
import type { Builder } from './builder.js';
import { MAX_UINT256, ZERO_ADDRESS } from './protocols.js';
import { mint } from './tokens.js';
import type { ChainTokens } from './tokens.js';

const deployer = ACCOUNTS.deployer.address;

/** As on the public chains: a quote may be an hour old, a fill deadline six hours ahead. */
const QUOTE_TIME_BUFFER_SECONDS = 3_600;
const FILL_DEADLINE_BUFFER_SECONDS = 21_600;
/** The hub refuses a challenge period of ten minutes or less. */
const LIVENESS_SECONDS = 601;
const BOND_WEI = 45n * 10n ** 16n;

/**
 * The far end of the canonical message bridge: it alone may give orders to the spoke pools of the chains that have no hub.
 * The bridge itself is not in the box; the world's dataworker carries its messages.
 */
export const CANONICAL_BRIDGE: ReturnType<typeof testAccount> = testAccount('canonical bridge');

export interface AcrossContracts {
  readonly acrossSpokePool: Address;
  readonly acrossMulticallHandler: Address;
}

/** A spoke pool behind its proxy, and the handler of destination actions. */
export function deployAcross(builder: Builder, weth: Address): AcrossContracts {
  const implementation = builder.deploy(
    deployer,
    'AcrossSpokePool',
    ['address', 'uint32', 'uint32', 'address'],
    [weth, QUOTE_TIME_BUFFER_SECONDS, FILL_DEADLINE_BUFFER_SECONDS, ZERO_ADDRESS],
  );
  const initialize = encodeCall('initialize(uint32,address)', [0, CANONICAL_BRIDGE.address]);
  const acrossSpokePool = builder.deploy(deployer, 'ERC1967Proxy', ['address', 'bytes'], [implementation, initialize]);
  return { acrossSpokePool, acrossMulticallHandler: builder.deploy(deployer, 'AcrossMulticallHandler') };
}

/** What the hub has to know of a chain. */
export interface SpokeDescription {
  readonly chainId: number;
  readonly spokePool: Address;
  readonly tokens: ChainTokens;
}

export interface AcrossHub {
  readonly hubPool: Address;
  /** By chain id: the near end of the canonical bridge, where the hub's messages come out as events. */
  readonly bridges: Readonly<Record<number, Address>>;
}

/** The hub on the first chain, with its liquidity, its routes to all chains, and UMA's registries (never asked to judge). */
export function deployAcrossHub(builder: Builder, spokes: readonly SpokeDescription[]): AcrossHub {
  const home = spokes.find(({ chainId }) => chainId === builder.chainId) as SpokeDescription;
  const finder = builder.deploy(deployer, 'UmaFinder');
  const whitelist = builder.deploy(deployer, 'UmaAddressWhitelist');
  const store = builder.deploy(deployer, 'UmaStore');
  const register = (name: string, address: Address): void =>
    builder.send(deployer, finder, 'changeImplementationAddress(bytes32,address)', [
      encodeBytes32String(name),
      address,
    ]);
  register('CollateralWhitelist', whitelist);
  register('Store', store);
  const weth = home.tokens.WETH.address;
  builder.send(deployer, whitelist, 'addToWhitelist(address)', [weth]);
  const lpTokenFactory = builder.deploy(deployer, 'AcrossLpTokenFactory');
  const hubPool = builder.deploy(
    deployer,
    'AcrossHubPool',
    ['address', 'address', 'address', 'address'],
    [lpTokenFactory, finder, weth, ZERO_ADDRESS],
  );
  builder.send(deployer, hubPool, 'setLiveness(uint32)', [LIVENESS_SECONDS]);
  builder.send(deployer, hubPool, 'setBond(address,uint256)', [weth, BOND_WEI]);
  const homeAdapter = builder.deploy(deployer, 'AcrossEthereumAdapter');
  const bridges: Record<number, Address> = {};
  for (const spoke of spokes) {
    const away = spoke.chainId !== home.chainId;
    const adapter = away ? builder.deploy(deployer, 'AcrossMockAdapter') : homeAdapter;
    if (away) bridges[spoke.chainId] = adapter;
    const contracts = [spoke.chainId, adapter, spoke.spokePool];
    builder.send(deployer, hubPool, 'setCrossChainContracts(uint256,address,address)', contracts);
    for (const symbol of ['WETH', 'USDC'] as const) {
      const route = [spoke.chainId, home.tokens[symbol].address, spoke.tokens[symbol].address];
      builder.send(deployer, hubPool, 'setPoolRebalanceRoute(uint256,address,address)', route);
    }
  }
  addHubLiquidity(builder, hubPool, home.tokens.WETH, 2_000n * 10n ** 18n);
  addHubLiquidity(builder, hubPool, home.tokens.USDC, 5_000_000n * 10n ** 6n);
  builder.send(deployer, home.spokePool, 'transferOwnership(address)', [hubPool]);
  const dataworker = ACCOUNTS.dataworker.address;
  mint(builder, home.tokens.WETH, dataworker, 10n * BOND_WEI);
  builder.send(dataworker, weth, 'approve(address,uint256)', [hubPool, MAX_UINT256]);
  return { hubPool, bridges };
}

function addHubLiquidity(builder: Builder, hubPool: Address, token: Token, atoms: bigint): void {
  const provider = ACCOUNTS.liquidityProvider.address;
  mint(builder, token, provider, atoms);
  builder.send(deployer, hubPool, 'enableL1TokenForLiquidityProvision(address)', [token.address]);
  builder.send(provider, token.address, 'approve(address,uint256)', [hubPool, atoms]);
  builder.send(provider, hubPool, 'addLiquidity(address,uint256)', [token.address, atoms]);
}

/** On the chains without a hub the spoke pool obeys the canonical bridge; everywhere the relayer gets its inventory. */
export function settleAcross(builder: Builder, across: AcrossContracts, tokens: ChainTokens, isHome: boolean): void {
  if (!isHome) {
    builder.send(deployer, across.acrossSpokePool, 'transferOwnership(address)', [CANONICAL_BRIDGE.address]);
  }
  const relayer = ACCOUNTS.relayer.address;
  mint(builder, tokens.WETH, relayer, 500n * 10n ** 18n);
  mint(builder, tokens.USDC, relayer, 1_500_000n * 10n ** 6n);
  for (const token of [tokens.WETH, tokens.USDC]) {
    builder.send(relayer, token.address, 'approve(address,uint256)', [across.acrossSpokePool, MAX_UINT256]);
  }
}
