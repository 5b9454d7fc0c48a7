import { AbiCoder, Interface } from 'ethers/abi';
import { getCreate2Address } from 'ethers/address';
import { keccak256 as hashOf } from 'ethers/crypto';
import { concat } from 'ethers/utils';
import { bandAccount } from '../artifacts/band-account.js';
import { deltaBandModule } from '../artifacts/delta-band-module.js';
import { settableFeed } from '../artifacts/settable-feed.js';
import { tokenPaymaster } from '../artifacts/token-paymaster.js';
import type { ContractArtifact } from '../artifact.js';
import type { Address, Hex } from '../types.js';
import { entryPointAbi } from './operation.js';
import { execute, type LocalNode, type LocalReceipt } from './node.js';

const CREATE2_DEPLOYER: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
const ZERO_SALT = `0x${'00'.repeat(32)}`;
const coder = AbiCoder.defaultAbiCoder();

/** Where the permission lives on a local chain. */
export interface LocalBand {
  readonly module: Address;
  /** What EOAs delegate to. */
  readonly account: Address;
  /** Second source of price. */
  readonly feed: Address;
  /** The paymaster's own. */
  readonly gasFeed: Address;
  readonly paymaster: Address;
}

export interface LocalBandRequest {
  /** Has native coin; keeps feed and paymaster. */
  readonly deployer: Address;
  readonly entryPoint: Address;
  /** Token in which the paymaster is paid, of 6 decimals. */
  readonly gasToken: Address;
  /** Price of the base, 8 decimals. */
  readonly answer: bigint;
  readonly paymasterDepositWei?: bigint;
  /** The paymaster reads the same feed. Default: one of its own, so that the other can be told lies. */
  readonly oneFeed?: boolean;
}

/** The paymaster's margin over the feed's price. */
export const PAYMASTER_MARGIN_BPS = 500n;
/** Gas that the paymaster bills for its own `postOp`, beyond what the entry point says. */
export const PAYMASTER_OVERHEAD_GAS = 30_000;

const feedAbi = new Interface(['function set(int192 answer, uint64 updatedAt)']);
const paymasterAbi = new Interface(['function addStake(uint32) payable']);

/** Deploys module, account, feed and paymaster; module and account at addresses that are the same on every chain. */
export async function deployBand(node: LocalNode, request: LocalBandRequest): Promise<LocalBand> {
  const { answer, deployer, entryPoint, gasToken, paymasterDepositWei = 100n * 10n ** 18n } = request;
  await node.rpc('anvil_autoImpersonateAccount', [true]);
  const module = await deployEverywhere(node, deployer, deltaBandModule, [], []);
  const account = await deployEverywhere(node, deployer, bandAccount, ['address'], [entryPoint]);
  const feed = await deployContract(node, deployer, settableFeed, ['int192'], [answer]);
  const gasFeed = request.oneFeed ? feed : await deployContract(node, deployer, settableFeed, ['int192'], [answer]);
  const types = ['address', 'address', 'address', 'uint256', 'uint256', 'uint256', 'address'];
  // 6 decimals of the token for 10^18 wei, 8 decimals of the feed.
  const values = [entryPoint, gasToken, gasFeed, 1n, 100n, PAYMASTER_MARGIN_BPS, deployer];
  const paymaster = await deployContract(node, deployer, tokenPaymaster, types, values);
  const deposit = entryPointAbi.encodeFunctionData('depositTo', [paymaster]) as Hex;
  await succeed(node, deployer, entryPoint, deposit, paymasterDepositWei);
  await succeed(node, deployer, paymaster, paymasterAbi.encodeFunctionData('addStake', [86_400]) as Hex, 10n ** 18n);
  return Object.freeze({ module, account, feed, gasFeed, paymaster });
}

export async function deployContract(
  node: LocalNode,
  from: Address,
  { bytecode, contract }: ContractArtifact,
  types: readonly string[] = [],
  values: readonly unknown[] = [],
): Promise<Address> {
  const receipt = await execute(node, { from, data: concat([bytecode, coder.encode(types, values)]) as Hex });
  if (!receipt.status || receipt.contractAddress === null) throw new Error(`${contract} could not be deployed.`);
  return receipt.contractAddress;
}

async function deployEverywhere(
  node: LocalNode,
  from: Address,
  { bytecode }: ContractArtifact,
  types: readonly string[],
  values: readonly unknown[],
): Promise<Address> {
  const code = concat([bytecode, coder.encode(types, values)]);
  const address = getCreate2Address(CREATE2_DEPLOYER, ZERO_SALT, hashOf(code)) as Address;
  if ((await node.rpc('eth_getCode', [address, 'latest'])) === '0x') {
    await succeed(node, from, CREATE2_DEPLOYER, concat([ZERO_SALT, code]) as Hex);
  }
  return address;
}

/** Says the price to a feed; `updatedAt` in Unix seconds. */
export function setFeed(
  node: LocalNode,
  keeper: Address,
  feed: Address,
  answer: bigint,
  updatedAt: number,
): Promise<LocalReceipt> {
  return succeed(node, keeper, feed, feedAbi.encodeFunctionData('set', [answer, updatedAt]) as Hex);
}

/** Executes, and throws when it reverts. */
export async function succeed(
  node: LocalNode,
  from: Address,
  to: Address,
  data: Hex,
  valueWei = 0n,
): Promise<LocalReceipt> {
  const receipt = await execute(node, { from, to, data, valueWei });
  if (!receipt.status) throw new Error(`A call of ${to} on chain ${node.id} reverted: ${data.slice(0, 10)}.`);
  return receipt;
}
