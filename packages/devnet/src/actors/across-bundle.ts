import { AbiCoder, Interface, keccak256 } from 'ethers';
import type { Address, Hex, World, WorldChain } from '../world.js';
import { REBALANCE_LEAF, REFUND_LEAF } from './across-abi.js';
import type { AcrossRefund } from './actors.js';
import { read } from './contract.js';
import { sortedMerkleTree } from './merkle.js';

const ERC20 = new Interface(['function balanceOf(address) view returns (uint256)']);

/** Pays several addresses in one token on one chain. */
export interface RefundLeaf {
  readonly chainId: number;
  readonly leafId: number;
  readonly token: Address;
  readonly recipients: readonly Address[];
  readonly amounts: readonly bigint[];
  readonly proof: readonly Hex[];
}

/** Sends one chain's spoke pool the roots, and the money that it lacks to pay them. */
export interface RebalanceLeaf {
  readonly chainId: number;
  readonly leafId: number;
  readonly hubTokens: readonly Address[];
  readonly netSendAmounts: readonly bigint[];
  readonly proof: readonly Hex[];
}

export interface RootBundle {
  readonly poolRebalanceRoot: Hex;
  readonly relayerRefundRoot: Hex;
  readonly rebalances: readonly RebalanceLeaf[];
  readonly refunds: readonly RefundLeaf[];
  readonly claims: readonly AcrossRefund[];
}

type Draft<Leaf> = Omit<Leaf, 'proof'>;

/**
 * Puts claims into a root bundle. The rule of rebalancing is the plainest that settles everything: a spoke pool gets from
 * the hub exactly what it lacks, and returns nothing.
 */
export async function composeBundle(world: World, claims: readonly AcrossRefund[]): Promise<RootBundle> {
  const refunds = refundDrafts(claims);
  const rebalances = await rebalanceDrafts(world, refunds);
  const refundTree = sortedMerkleTree(refunds.map((leaf) => hashLeaf(REFUND_LEAF, refundTuple(leaf))));
  const rebalanceTree = sortedMerkleTree(rebalances.map((leaf) => hashLeaf(REBALANCE_LEAF, rebalanceTuple(leaf))));
  return {
    poolRebalanceRoot: rebalanceTree.root,
    relayerRefundRoot: refundTree.root,
    rebalances: rebalances.map((leaf, index) => ({ ...leaf, proof: rebalanceTree.proof(index) })),
    refunds: refunds.map((leaf, index) => ({ ...leaf, proof: refundTree.proof(index) })),
    claims,
  };
}

/** The leaf as the spoke pool takes it. */
export function refundTuple(leaf: Draft<RefundLeaf>): readonly unknown[] {
  return [0n, leaf.chainId, leaf.amounts, leaf.leafId, leaf.token, leaf.recipients];
}

/** The leaf as the hub takes it. */
export function rebalanceTuple(leaf: Draft<RebalanceLeaf>): readonly unknown[] {
  const none = leaf.hubTokens.map(() => 0n);
  return [leaf.chainId, none, leaf.netSendAmounts, none, 0n, leaf.leafId, leaf.hubTokens];
}

function hashLeaf(type: string, tuple: readonly unknown[]): Hex {
  return keccak256(AbiCoder.defaultAbiCoder().encode([type], [tuple])) as Hex;
}

function refundDrafts(claims: readonly AcrossRefund[]): readonly Draft<RefundLeaf>[] {
  const byPool = new Map<string, AcrossRefund[]>();
  for (const claim of claims) {
    const key = `${claim.chainId}:${claim.token}`;
    byPool.set(key, [...(byPool.get(key) ?? []), claim]);
  }
  return [...byPool.values()].map((group, leafId) => {
    const { chainId, token } = group[0] as AcrossRefund;
    const totals = new Map<Address, bigint>();
    for (const { atoms, to } of group) totals.set(to as Address, (totals.get(to as Address) ?? 0n) + atoms);
    return { chainId, leafId, token: token as Address, recipients: [...totals.keys()], amounts: [...totals.values()] };
  });
}

async function rebalanceDrafts(
  world: World,
  refunds: readonly Draft<RefundLeaf>[],
): Promise<readonly Draft<RebalanceLeaf>[]> {
  const home = world.chains[0] as WorldChain;
  const paying = world.chains.filter(({ id }) => refunds.some(({ chainId }) => chainId === id));
  return Promise.all(
    paying.map(async (chain, leafId) => {
      const own = refunds.filter(({ chainId }) => chainId === chain.id);
      const netSendAmounts = await Promise.all(own.map((leaf) => shortfall(chain, leaf)));
      return {
        chainId: chain.id,
        leafId,
        hubTokens: own.map(({ token }) => hubTokenOf(home, chain, token)),
        netSendAmounts,
      };
    }),
  );
}

function hubTokenOf(home: WorldChain, chain: WorldChain, token: Address): Address {
  const symbol = (['WETH', 'USDC'] as const).find((name) => chain.tokens[name].address === token);
  return symbol === undefined ? token : home.tokens[symbol].address;
}

async function shortfall(chain: WorldChain, { amounts, token }: Draft<RefundLeaf>): Promise<bigint> {
  const needed = amounts.reduce((sum, amount) => sum + amount, 0n);
  const [held] = await read(chain, token, ERC20, 'balanceOf', [chain.contracts.acrossSpokePool]);
  const missing = needed - (held as bigint);
  return missing > 0n ? missing : 0n;
}
