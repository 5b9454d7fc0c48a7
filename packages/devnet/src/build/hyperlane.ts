import { zeroPadValue } from 'ethers';
import type { Address } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { Builder } from './builder.js';
import { ZERO_ADDRESS } from './protocols.js';
import { mint } from './tokens.js';
import type { ChainTokens } from './tokens.js';

const deployer = ACCOUNTS.deployer.address;

/** Exchange rates of the gas oracle are fixed-point numbers with this one. */
const RATE_ONE = 10n ** 10n;
/** Gas that delivery costs on top of what the message asks for, as configured on the public chains. */
const DELIVERY_OVERHEAD_GAS = 150_000;
/** Gas of the warp route's own handling. */
const WARP_GAS = 68_000;

export interface HyperlaneContracts {
  readonly hyperlaneMailbox: Address;
  readonly hyperlaneIsm: Address;
  readonly hyperlaneMerkleTreeHook: Address;
  readonly hyperlaneInterchainGasPaymaster: Address;
  readonly hyperlaneWarpUsdc: Address;
  readonly hyperlaneWarpWeth: Address;
}

/** Gas price that a chain charges for delivery to another. */
export interface RemoteGas {
  readonly chainId: number;
  readonly gasPriceWei: bigint;
}

/**
 * Mailbox, hooks, a 1-of-1 message-id multisig ISM of the world's validator, and collateral warp routes for USDC and
 * WETH. Domains are chain ids.
 */
export async function deployHyperlane(
  builder: Builder,
  tokens: ChainTokens,
  remotes: readonly RemoteGas[],
): Promise<HyperlaneContracts> {
  const hyperlaneMailbox = builder.deploy(deployer, 'HyperlaneMailbox', ['uint32'], [builder.chainId]);
  const hyperlaneMerkleTreeHook = builder.deploy(deployer, 'HyperlaneMerkleTreeHook', ['address'], [hyperlaneMailbox]);
  const hyperlaneInterchainGasPaymaster = deployGasPaymaster(builder, remotes);
  const ismFactory = builder.deploy(deployer, 'HyperlaneMessageIdMultisigIsmFactory');
  const validators = [[ACCOUNTS.validator.address], 1];
  builder.send(deployer, ismFactory, 'deploy(address[],uint8)', validators);
  const warp = (token: Address): Address =>
    builder.deploy(deployer, 'HypERC20Collateral', ['address', 'uint256', 'address'], [token, 1, hyperlaneMailbox]);
  const hyperlaneWarpUsdc = warp(tokens.USDC.address);
  const hyperlaneWarpWeth = warp(tokens.WETH.address);
  await builder.flush();
  const [ism] = await builder.read(ismFactory, 'getAddress(address[],uint8) view returns (address)', validators);
  const hyperlaneIsm = ism as Address;
  builder.send(deployer, hyperlaneMailbox, 'initialize(address,address,address,address)', [
    deployer,
    hyperlaneIsm,
    hyperlaneInterchainGasPaymaster,
    hyperlaneMerkleTreeHook,
  ]);
  for (const route of [hyperlaneWarpUsdc, hyperlaneWarpWeth]) {
    // No hook and no ISM of its own: the mailbox's defaults.
    builder.send(deployer, route, 'initialize(address,address,address)', [ZERO_ADDRESS, ZERO_ADDRESS, deployer]);
  }
  return {
    hyperlaneMailbox,
    hyperlaneIsm,
    hyperlaneMerkleTreeHook,
    hyperlaneInterchainGasPaymaster,
    hyperlaneWarpUsdc,
    hyperlaneWarpWeth,
  };
}

function deployGasPaymaster(builder: Builder, remotes: readonly RemoteGas[]): Address {
  const oracle = builder.deploy(deployer, 'HyperlaneStorageGasOracle');
  const paymaster = builder.deploy(deployer, 'HyperlaneInterchainGasPaymaster');
  builder.send(deployer, paymaster, 'initialize(address,address)', [deployer, deployer]);
  builder.send(deployer, oracle, 'setRemoteGasDataConfigs(tuple(uint32,uint128,uint128)[])', [
    remotes.map(({ chainId, gasPriceWei }) => [chainId, RATE_ONE, gasPriceWei]),
  ]);
  builder.send(deployer, paymaster, 'setDestinationGasConfigs(tuple(uint32,tuple(address,uint96))[])', [
    remotes.map(({ chainId }) => [chainId, [oracle, DELIVERY_OVERHEAD_GAS]]),
  ]);
  return paymaster;
}

/** A chain's warp routes as the others must know them. */
export interface WarpDescription {
  readonly chainId: number;
  readonly usdc: Address;
  readonly weth: Address;
}

/** What a chain's routes can pay out. */
export interface WarpCollateral {
  readonly usdcAtoms: bigint;
  readonly wethWei: bigint;
}

/** Tells the routes of one chain about the others', and locks the collateral that it can pay out. */
export function connectHyperlane(
  builder: Builder,
  own: WarpDescription,
  remotes: readonly WarpDescription[],
  tokens: ChainTokens,
  collateral: WarpCollateral,
): void {
  for (const symbol of ['usdc', 'weth'] as const) {
    const domains = remotes.map(({ chainId }) => chainId);
    const routers = remotes.map((remote) => zeroPadValue(remote[symbol], 32));
    builder.send(deployer, own[symbol], 'enrollRemoteRouters(uint32[],bytes32[])', [domains, routers]);
    const gas = domains.map((domain) => [domain, WARP_GAS]);
    builder.send(deployer, own[symbol], 'setDestinationGas(tuple(uint32,uint256)[])', [gas]);
  }
  mint(builder, tokens.USDC, own.usdc, collateral.usdcAtoms);
  mint(builder, tokens.WETH, own.weth, collateral.wethWei);
}
