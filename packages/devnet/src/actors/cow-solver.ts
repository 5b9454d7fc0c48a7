import { concat } from 'ethers';
import { DevnetError } from '../errors.js';
import type { Hex, World, WorldChain } from '../world.js';
import type { ActorEvent, CowAsk, CowOrder, CowSkipReason, CowSolverBehaviour } from './actors.js';
import { read, reasonOf, submit } from './contract.js';
import { ERC20_APPROVE, PARTIALLY_FILLABLE, SCHEME_SHIFT, SCHEMES, SETTLEMENT, V2_ROUTER } from './cow-abi.js';
import { chainClock } from './log-reader.js';

const BPS = 10_000n;

const DEFAULTS: CowSolverBehaviour = { keepBps: 2, delaySeconds: 0, mostPermille: 1000, ignore: () => false };

interface OpenOrder {
  readonly order: CowOrder;
  readonly seenAt: number;
}

export interface SolverCore {
  readonly pass: () => Promise<void>;
  readonly rewind: () => void;
  readonly behave: (change: Partial<CowSolverBehaviour>) => void;
  readonly quote: (ask: CowAsk) => Promise<bigint | undefined>;
  readonly add: (order: CowOrder) => Promise<void>;
  readonly drop: (uid: Hex) => void;
}

/**
 * Settles orders of CoW Protocol by the real settlement contract, as the one allowed solver of the world: each sell order
 * by a swap on Uniswap V2 in between, whose whole outcome but its own share goes to the order. It can be late, blind to
 * orders, or fill a part of what may be filled in parts.
 */
export function createCowSolver(
  world: World,
  initial: Partial<CowSolverBehaviour>,
  emit: (event: ActorEvent) => void,
): SolverCore {
  const { solver } = world.accounts;
  let behaviour: CowSolverBehaviour = { ...DEFAULTS, ...initial };
  let open: OpenOrder[] = [];
  const told = new Map<string, CowSkipReason>();

  const swapped = async (chain: WorldChain, sellToken: string, buyToken: string, sold: bigint): Promise<bigint> => {
    const path = [sellToken, buyToken];
    const [amounts] = await read(chain, chain.contracts.uniswapV2Router, V2_ROUTER, 'getAmountsOut', [sold, path]);
    return (amounts as readonly bigint[])[1] ?? 0n;
  };
  const payable = (bought: bigint): bigint => (bought * (BPS - BigInt(behaviour.keepBps))) / BPS;

  const tell = (order: CowOrder, reason: CowSkipReason): void => {
    if (told.get(order.uid) === reason) return;
    told.set(order.uid, reason);
    emit({ kind: 'cow-skipped', chainId: order.chainId, uid: order.uid, reason });
  };

  /** How much of it is sold in this pass. */
  const part = (order: CowOrder, filled: bigint): bigint => {
    const left = order.sellAmount - filled;
    const most = order.partiallyFillable ? (order.sellAmount * BigInt(behaviour.mostPermille)) / 1000n : left;
    return left < most ? left : most;
  };

  const settle = async (order: CowOrder, chain: WorldChain, sold: bigint): Promise<CowSkipReason | undefined> => {
    const { cowSettlement, uniswapV2Router } = chain.contracts;
    const { buyToken, sellToken } = order;
    const bought = await swapped(chain, sellToken, buyToken, sold);
    const paid = payable(bought);
    if (paid * order.sellAmount < order.buyAmount * sold) return 'price-too-low';
    const swap = V2_ROUTER.encodeFunctionData('swapExactTokensForTokens', [
      sold,
      bought,
      [sellToken, buyToken],
      cowSettlement,
      order.validTo,
    ]);
    const during = [
      [sellToken, 0n, ERC20_APPROVE.encodeFunctionData('approve', [uniswapV2Router, sold])],
      [uniswapV2Router, 0n, swap],
    ];
    const data = SETTLEMENT.encodeFunctionData('settle', [
      [sellToken, buyToken],
      [paid, sold],
      [tradeOf(order, sold)],
      [[], during, []],
    ]);
    try {
      const { hash } = await submit(chain, solver, cowSettlement, data);
      emit({ kind: 'cow-settled', chainId: chain.id, uid: order.uid, sold, paid, txHash: hash as Hex });
      return undefined;
    } catch (error) {
      if (reasonOf(error).includes('does not answer')) throw error;
      return 'settle-reverts';
    }
  };

  /** Whether the order stays open. */
  const handle = async ({ order, seenAt }: OpenOrder): Promise<boolean> => {
    const chain = world.chain(order.chainId);
    const now = await chainClock(chain);
    if (now > order.validTo) {
      tell(order, 'expired');
      return false;
    }
    const [filled] = await read(chain, chain.contracts.cowSettlement, SETTLEMENT, 'filledAmount', [order.uid]);
    if ((filled as bigint) >= order.sellAmount) return false;
    if (behaviour.ignore({ uid: order.uid, owner: order.owner })) {
      tell(order, 'ignored');
      return true;
    }
    if (now < seenAt + behaviour.delaySeconds) {
      tell(order, 'not-yet');
      return true;
    }
    const sold = part(order, filled as bigint);
    if (sold === 0n) return true;
    const why = await settle(order, chain, sold);
    if (why !== undefined) tell(order, why);
    return why !== undefined || sold < order.sellAmount - (filled as bigint);
  };

  return {
    behave(change) {
      behaviour = { ...behaviour, ...change };
    },
    rewind() {
      open = [];
      told.clear();
    },
    async quote({ buyToken, chainId, sellAmount, sellToken }) {
      const chain = world.chain(chainId);
      try {
        const paid = payable(await swapped(chain, sellToken, buyToken, sellAmount));
        return paid === 0n ? undefined : paid;
      } catch (error) {
        if (error instanceof DevnetError) return undefined;
        throw error;
      }
    },
    async add(order) {
      if (open.some((one) => one.order.uid === order.uid)) return;
      open.push({ order, seenAt: await chainClock(world.chain(order.chainId)) });
    },
    drop(uid) {
      open = open.filter(({ order }) => order.uid !== uid);
    },
    async pass() {
      // One at a time, each taken out by itself: more may be added meanwhile.
      for (const one of [...open]) {
        if (!(await handle(one))) open = open.filter((other) => other !== one);
      }
    },
  };
}

function tradeOf(order: CowOrder, sold: bigint): readonly unknown[] {
  const { appData, buyAmount, feeAmount, owner, partiallyFillable, receiver, scheme, sellAmount, signature, validTo } =
    order;
  const flags = (partiallyFillable ? PARTIALLY_FILLABLE : 0) | (SCHEMES.indexOf(scheme) << SCHEME_SHIFT);
  const signed = scheme === 'eip1271' ? concat([owner, signature]) : signature;
  return [0, 1, receiver, sellAmount, buyAmount, validTo, appData, feeAmount, flags, sold, signed];
}
