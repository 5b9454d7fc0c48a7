import { Interface } from 'ethers';
import { ORDER_SERIES, signBook, singleFills } from '../build/limit-orders.js';
import { ETH_PRICE_USDC } from '../build/seed.js';
import type { OneinchLopContracts, SignedLimitOrder } from '../parts.js';
import type { World, WorldChain } from '../world.js';
import type { ActorEvent } from './actors.js';
import { read, submit } from './contract.js';
import type { OutsidePrice } from './outside-price.js';

const PROTOCOL = new Interface([
  'function epoch(address maker, uint96 series) view returns (uint256)',
  'function increaseEpoch(uint96 series)',
  'function bitsInvalidateForOrder(uint256 makerTraits, uint256 additionalMask)',
]);

export interface OrderMakerCore {
  readonly pass: () => Promise<void>;
  /** The orders that rest on a chain at present; none where there is no order book. */
  readonly orders: (chainId: number) => Promise<readonly SignedLimitOrder[]>;
}

/** Takes its orders back when the outside price has moved, and signs others around the new one. */
export function createOrderMaker(
  world: World,
  outside: OutsidePrice,
  emit: (event: ActorEvent) => void,
): OrderMakerCore {
  const { maker } = world.accounts;
  /** The price that each epoch was signed at; the chain knows the epoch, also after the world went back. */
  const prices = new Map<string, bigint>();
  const priceAt = (chain: WorldChain, epoch: bigint): bigint =>
    prices.get(`${chain.id}:${epoch}`) ?? BigInt(ETH_PRICE_USDC) * 10n ** 6n;
  const epochOf = async (chain: WorldChain, { limitOrderProtocol }: OneinchLopContracts): Promise<bigint> => {
    const [epoch] = await read(chain, limitOrderProtocol, PROTOCOL, 'epoch', [maker.address, ORDER_SERIES]);
    return epoch as bigint;
  };

  const passChain = async (chain: WorldChain): Promise<void> => {
    const { oneinchLop } = chain.parts;
    if (oneinchLop === undefined) return;
    const epoch = await epochOf(chain, oneinchLop);
    const price = outside.usdcAtomsPerEth();
    if (priceAt(chain, epoch) === price) return;
    const { mask, traits } = singleFills(epoch);
    prices.set(`${chain.id}:${epoch + 1n}`, price);
    const tell = async (name: string, args: readonly unknown[]): Promise<void> => {
      await submit(chain, maker, oneinchLop.limitOrderProtocol, PROTOCOL.encodeFunctionData(name, [...args]));
    };
    await tell('bitsInvalidateForOrder', [traits, mask]);
    await tell('increaseEpoch', [ORDER_SERIES]);
    emit({ kind: 'orders-renewed', chainId: chain.id, epoch: epoch + 1n, usdcAtomsPerEth: price });
  };

  return {
    async pass() {
      const results = await Promise.allSettled(world.chains.map(passChain));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    async orders(chainId) {
      const chain = world.chain(chainId);
      const { oneinchLop } = chain.parts;
      if (oneinchLop === undefined) return [];
      const epoch = await epochOf(chain, oneinchLop);
      const { limitOrderProtocol } = oneinchLop;
      const { USDC: usdc, WETH: weth } = chain.tokens;
      return signBook({ limitOrderProtocol, maker, weth, usdc, usdcAtomsPerEth: priceAt(chain, epoch), epoch });
    },
  };
}
