import { Interface } from 'ethers/abi';
import { SigningKey } from 'ethers/crypto';
import { computeAddress } from 'ethers/transaction';
import { concat, toBeHex } from 'ethers/utils';
import { executeCalldata, installCalls, rebalanceCall } from '../calls.js';
import { bucketAt, grantId as grantIdOf } from '../policy.js';
import type { Address, BandAttestation, BandMarket, BandOrder, BandPolicy, Hex } from '../types.js';
import { deployBand, type LocalBand, PAYMASTER_OVERHEAD_GAS, setFeed, succeed } from './band.js';
import { clockOf, type LocalNode } from './node.js';
import { type LocalOperation, signed } from './operation.js';

/** A chain of the devnet's world with its part `erc4337`, as far as it is needed here. */
export interface SceneChain extends LocalNode {
  readonly tokens: { readonly WETH: { readonly address: Address }; readonly USDC: { readonly address: Address } };
  readonly contracts: { readonly uniswapV3SwapRouter02: Address };
  readonly pools: readonly { readonly kind: string }[];
  readonly parts: { readonly erc4337?: { readonly entryPointV08: Address } };
}

export interface SceneKeys {
  readonly owner: Hex;
  readonly session: Hex;
  readonly policy: Hex;
}

/** An EOA that delegates, holds ETH and USDC, and has granted the permission to a session key. */
export interface Scene {
  readonly node: SceneChain;
  readonly entryPoint: Address;
  readonly band: LocalBand;
  readonly self: Address;
  readonly keys: SceneKeys;
  readonly weth: Address;
  readonly usdc: Address;
  readonly pools: readonly Address[];
  readonly policy: BandPolicy;
  readonly grantId: Hex;
}

/** Quote atoms for one base unit of 10^18, times 10^2: the feed's answer in 8 decimals. */
export const SCENE_ANSWER: bigint = 3_000n * 10n ** 8n;
const ETH = 10n ** 18n;
const USDC = 10n ** 6n;

const erc20 = new Interface([
  'function approve(address,uint256)',
  'function balanceOf(address) view returns (uint256)',
]);
const poolAbi = new Interface(['function increaseObservationCardinalityNext(uint16)']);

export const addressOf = (key: Hex): Address => computeAddress(new SigningKey(key).publicKey) as Address;

/** Keys that everybody may know; `salt` tells scenes apart. */
export function sceneKeys(salt = 1): SceneKeys {
  const key = (which: number): Hex => toBeHex(BigInt(salt) * 1_000n + BigInt(which), 32) as Hex;
  return { owner: key(11), session: key(12), policy: key(13) };
}

export interface SceneRequest {
  readonly node: SceneChain;
  /** Has native coin. */
  readonly deployer: Address;
  readonly keys?: SceneKeys;
  readonly fund: (token: { readonly address: Address }, to: Address, atoms: bigint) => Promise<void>;
  readonly change?: (policy: BandPolicy) => BandPolicy;
  /** The paymaster reads the market's own feed. Default: one of its own, so that the other can be told lies. */
  readonly oneFeed?: boolean;
}

/** ETH/USDC pools of Uniswap V3, the finest fee first. */
export function scenePools({ pools, tokens }: SceneChain): readonly Address[] {
  return pools
    .filter(
      (
        pool,
      ): pool is {
        kind: string;
        address: Address;
        token0: { address: Address };
        token1: { address: Address };
        feePips: number;
      } => pool.kind === 'uniswap-v3',
    )
    .filter(({ token0, token1 }) => [token0.address, token1.address].includes(tokens.WETH.address))
    .sort((a, b) => a.feePips - b.feePips)
    .map(({ address }) => address);
}

export const SCENE_BASE: bigint = 10n * ETH;
export const SCENE_QUOTE: bigint = 60_000n * USDC;

/** Deploys, funds, and grants; the grant itself without an entry point, by a transaction of the owner. */
export async function openScene(request: SceneRequest): Promise<Scene> {
  const { deployer, fund, keys = sceneKeys(), node } = request;
  const entryPoint = node.parts.erc4337!.entryPointV08;
  const [weth, usdc] = [node.tokens.WETH.address, node.tokens.USDC.address];
  const { oneFeed = false } = request;
  const band = await deployBand(node, { deployer, entryPoint, gasToken: usdc, answer: SCENE_ANSWER, oneFeed });
  const pools = scenePools(node);
  for (const pool of pools) {
    await succeed(node, deployer, pool, poolAbi.encodeFunctionData('increaseObservationCardinalityNext', [80]) as Hex);
  }
  const self = addressOf(keys.owner);
  await node.rpc('anvil_setBalance', [self, '0x0']);
  await fund(node.tokens.WETH, self, SCENE_BASE);
  await fund(node.tokens.USDC, self, SCENE_QUOTE);
  await node.rpc('anvil_setCode', [self, concat(['0xef0100', band.account])]);
  const now = await clockOf(node);
  const market: BandMarket = {
    base: weth,
    twapPool: pools[0]!,
    twapSeconds: 900,
    feed: band.feed,
    feedMaxAgeSeconds: 3_600,
    feedExponent: -20,
    low: 8n * ETH,
    high: 12n * ETH,
    outerLow: 4n * ETH,
    outerHigh: 16n * ETH,
    pools,
  };
  const base: BandPolicy = {
    chainId: node.id,
    sessionKey: addressOf(keys.session),
    policyKey: addressOf(keys.policy),
    paymaster: band.paymaster,
    quote: usdc,
    start: now,
    expiry: now + 30 * 86_400,
    windowSeconds: 86_400,
    lossBps: 50,
    maxDeviationBps: 500,
    paymasterOverheadGas: PAYMASTER_OVERHEAD_GAS,
    capAtoms: 12_000n * USDC,
    gasBudgetWei: 2n * 10n ** 16n,
    markets: [market],
  };
  const changed = request.change?.(base) ?? base;
  const policy = Object.freeze({ ...changed, markets: Object.freeze([...changed.markets]) });
  const approve = erc20.encodeFunctionData('approve', [band.paymaster, 1_000n * USDC]) as Hex;
  const calls = [...installCalls(self, band.module, policy), { to: usdc, data: approve }];
  await node.rpc('anvil_setBalance', [self, '0xde0b6b3a7640000']);
  await succeed(node, self, self, executeCalldata(calls));
  await node.rpc('anvil_setBalance', [self, '0x0']);
  await node.rpc('evm_increaseTime', [1_000]);
  await node.rpc('evm_mine');
  await setFeed(node, deployer, band.feed, SCENE_ANSWER, await clockOf(node));
  return Object.freeze({ node, entryPoint, band, self, keys, weth, usdc, pools, policy, grantId: grantIdOf(policy) });
}

export async function balanceOf(node: LocalNode, token: Address, of: Address): Promise<bigint> {
  const data = erc20.encodeFunctionData('balanceOf', [of]);
  return BigInt((await node.rpc('eth_call', [{ to: token, data }, 'latest'])) as string);
}

/** An order that holds now. */
export function sceneOrder(
  policy: BandPolicy,
  now: number,
  order: Pick<BandOrder, 'sell' | 'amountIn'> & Partial<BandOrder>,
): BandOrder {
  return { venue: 0, bucket: bucketAt(policy, now), deadline: now + 600, minOut: 0n, ...order };
}

export const SCENE_GAS = {
  verificationGas: 120_000n,
  callGas: 400_000n,
  preVerificationGas: 60_000n,
  paymasterVerificationGas: 100_000n,
  paymasterPostOpGas: 40_000n,
  maxFeeWei: 2_000_000_000n,
} as const;

/** Nonce key that has the account ask the module: validator in the upper 20 bytes, lane below. */
export function moduleNonce(module: Address, sequence: bigint, lane = 0n): bigint {
  return (((BigInt(module) << 32n) | lane) << 64n) | sequence;
}

/** An operation of the session key, paid for in USDC. */
export function sceneOperation(
  scene: Scene,
  request: {
    readonly order: BandOrder;
    readonly sequence: bigint;
    readonly lane?: bigint;
    readonly market?: number;
    readonly attestation?: BandAttestation;
    readonly change?: Partial<LocalOperation>;
    readonly key?: Hex;
  },
): LocalOperation {
  const { band, entryPoint, keys, node, policy, self } = scene;
  const gas = SCENE_GAS;
  const call = rebalanceCall(band.module, policy, request.market ?? 0, request.order, request.attestation);
  const limits = [gas.paymasterVerificationGas, gas.paymasterPostOpGas].map((limit) => toBeHex(limit, 16));
  const operation: LocalOperation = {
    sender: self,
    nonce: moduleNonce(band.module, request.sequence, request.lane),
    initCode: '0x',
    callData: executeCalldata([call]),
    verificationGas: gas.verificationGas,
    callGas: gas.callGas,
    preVerificationGas: gas.preVerificationGas,
    maxFeeWei: gas.maxFeeWei,
    priorityFeeWei: 0n,
    paymasterAndData: concat([band.paymaster, ...limits]) as Hex,
    signature: '0x',
    ...request.change,
  };
  return signed(operation, request.key ?? keys.session, entryPoint, node.id);
}
