import { ZeroHash } from 'ethers';
import type { TransactionReceipt } from 'ethers';
import { CANONICAL_BRIDGE } from '../build/across.js';
import type { BuiltChain } from '../build/build-chains.js';
import { DevnetError } from '../errors.js';
import type { Address, Hex, Token, World, WorldChain } from '../world.js';
import { BRIDGE, HUB, SPOKE } from './across-abi.js';
import { composeBundle, rebalanceTuple, refundTuple } from './across-bundle.js';
import type { RebalanceLeaf, RootBundle } from './across-bundle.js';
import { createClaimBook } from './across-claims.js';
import type { ActorEvent } from './actors.js';
import { findEvent, read, submit } from './contract.js';
import { chainClock } from './log-reader.js';

export interface DataworkerCore {
  readonly pass: () => Promise<void>;
  readonly rewind: (fromBlocks: readonly number[]) => void;
}

/**
 * Proposes a root bundle whenever something is owed and none is pending, and carries it out on the hub and all spoke
 * pools once the challenge period is over. It also is the canonical bridge: it takes the hub's messages and tokens to the
 * other chains.
 */
export function createAcrossDataworker(
  world: World,
  built: readonly BuiltChain[],
  fromBlocks: readonly number[],
  emit: (event: ActorEvent) => void,
): DataworkerCore {
  const home = world.chains[0] as WorldChain;
  const hub = home.contracts.acrossHubPool as Address;
  const bridges = built[0]?.acrossBridges ?? {};
  const dataworker = world.accounts.dataworker;
  const book = createClaimBook(world, fromBlocks);
  // By content, so that a bundle is known again after the world was reverted to the time of its challenge period.
  const composed = new Map<string, RootBundle>();
  let count = 0;

  const propose = async (): Promise<void> => {
    const claims = await book.unpaid();
    if (claims.length === 0) return;
    const bundle = await composeBundle(world, claims);
    composed.set(bundle.poolRebalanceRoot, bundle);
    const heads = await Promise.all(world.chains.map((chain) => chain.provider.getBlockNumber()));
    const { poolRebalanceRoot, rebalances, relayerRefundRoot } = bundle;
    const args = [heads, rebalances.length, poolRebalanceRoot, relayerRefundRoot, ZeroHash];
    const { hash } = await submit(home, dataworker, hub, HUB.encodeFunctionData('proposeRootBundle', args));
    count += 1;
    emit({ kind: 'across-bundle-proposed', bundle: count, txHash: hash as Hex });
  };

  const carryOut = async (bundle: RootBundle, claimed: bigint): Promise<void> => {
    for (const leaf of bundle.rebalances) {
      if ((claimed >> BigInt(leaf.leafId)) & 1n) continue;
      await settleChain(bundle, leaf);
    }
    emit({ kind: 'across-bundle-executed', bundle: count, refunds: bundle.claims });
  };

  const settleChain = async (bundle: RootBundle, leaf: RebalanceLeaf): Promise<void> => {
    const chain = world.chain(leaf.chainId);
    const [chainId, fees, sends, balances, group, leafId, tokens] = rebalanceTuple(leaf);
    const args = [chainId, group, fees, sends, balances, leafId, tokens, leaf.proof];
    const onHub = await submit(home, dataworker, hub, HUB.encodeFunctionData('executeRootBundle', args));
    const onSpoke = chain === home ? onHub : await carry(chain, onHub);
    const spoke = chain.contracts.acrossSpokePool;
    const [rootBundleId] = findEvent(onSpoke.logs, spoke, SPOKE, 'RelayedRootBundle') ?? [];
    for (const refund of bundle.refunds.filter((candidate) => candidate.chainId === chain.id)) {
      const refundArgs = [rootBundleId, refundTuple(refund), refund.proof];
      await submit(chain, dataworker, spoke, SPOKE.encodeFunctionData('executeRelayerRefundLeaf', refundArgs));
    }
  };

  /** Takes what the hub sent into the canonical bridge in one transaction to its far end. */
  const carry = async (chain: WorldChain, sent: TransactionReceipt): Promise<TransactionReceipt> => {
    for (const log of sent.logs) {
      const event = log.address === hub ? HUB.parseLog(log) : null;
      if (event?.name !== 'RelayTokensCalled') continue;
      const [, l2Token, amount, to] = event.args as unknown as readonly [Address, Address, bigint, Address];
      await world.fund(tokenAt(chain, l2Token), to, amount);
    }
    const message = findEvent(sent.logs, bridges[chain.id] as Address, BRIDGE, 'BridgedMessage');
    if (message === undefined) {
      throw new DevnetError('RPC_FAILED', `The hub sent no message to chain ${chain.id}. Are its routes set?`);
    }
    const [target, data] = message as readonly [Address, Hex];
    return submit(chain, CANONICAL_BRIDGE, target, data);
  };

  return {
    rewind: book.rewind,
    async pass() {
      const proposal = await read(home, hub, HUB, 'rootBundleProposal');
      const [root, , , claimed, , unclaimed, challengeEnds] = proposal;
      if (unclaimed === 0n) return propose();
      const bundle = composed.get(root as string);
      const isOver = (await chainClock(home)) > Number(challengeEnds);
      if (bundle !== undefined && isOver) await carryOut(bundle, claimed as bigint);
    },
  };
}

function tokenAt(chain: WorldChain, address: string): Token {
  return Object.values(chain.tokens).find((token) => token.address === address) as Token;
}
