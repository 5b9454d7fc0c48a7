import { Interface, keccak256, concat, MaxUint256, SigningKey, ZeroAddress } from 'ethers';
import { DevnetError } from '../errors.js';
import type { Hex, World, WorldChain } from '../world.js';
import type {
  ActorEvent,
  DutchOrderOffer,
  FillerAsk,
  FillerAnswer,
  UniswapXFillerBehaviour,
  UniswapXSkipReason,
} from './actors.js';
import { read, reasonOf, submit } from './contract.js';
import { chainClock } from './log-reader.js';
import type { OutsidePrice } from './outside-price.js';
import {
  decodeDutch,
  encodeCosigned,
  encodeCosignerData,
  requiredOutput,
  type SeenDutchOrder,
} from './uniswapx-abi.js';

const ERC20 = new Interface([
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
  'function approve(address, uint256)',
]);
const REACTOR = new Interface(['function execute((bytes order, bytes sig) signedOrder) payable']);
const BPS = 10_000n;
const WEI_PER_ETH = 10n ** 18n;
/** How long a quote holds, and how long the price of a cosigned order falls. */
const QUOTE_SECONDS = 60;
const DECAY_SECONDS = 60;

const DEFAULTS: UniswapXFillerBehaviour = {
  spreadBps: 5,
  delaySeconds: 0,
  exclusiveSeconds: 0,
  overrideBps: 0,
  exclusiveFiller: undefined,
  ignore: () => false,
};

interface OpenOrder {
  readonly offer: DutchOrderOffer;
  readonly order: SeenDutchOrder;
  readonly takenAt: number;
}

export interface FillerCore {
  readonly pass: () => Promise<void>;
  readonly rewind: () => void;
  readonly behave: (change: Partial<UniswapXFillerBehaviour>) => void;
  readonly quote: (ask: FillerAsk) => Promise<FillerAnswer | undefined>;
  readonly take: (offer: DutchOrderOffer) => Promise<{ readonly cosignedOrder?: Hex }>;
}

/**
 * Fills orders of UniswapX from the maker's own stock, as public fillers do: it quotes the outside price less its spread,
 * waits until the falling price suits it, and heeds deadlines and exclusivity. It also cosigns V2 orders, with the maker's
 * key; on public chains that is a service of Uniswap's.
 */
export function createUniswapXFiller(
  world: World,
  outside: OutsidePrice,
  initial: Partial<UniswapXFillerBehaviour>,
  emit: (event: ActorEvent) => void,
): FillerCore {
  const { maker } = world.accounts;
  let behaviour: UniswapXFillerBehaviour = { ...DEFAULTS, ...initial };
  let open: OpenOrder[] = [];
  const told = new Map<string, UniswapXSkipReason>();

  const worth = (
    chain: WorldChain,
    { amountIn, tokenIn, tokenOut }: Omit<FillerAsk, 'chainId'>,
  ): bigint | undefined => {
    const { USDC, USDT, WETH } = chain.tokens;
    const is = (token: { readonly address: string }, address: string): boolean =>
      token.address.toLowerCase() === address.toLowerCase();
    const dollar = (address: string): boolean => is(USDC, address) || is(USDT, address);
    const keeps = BPS - BigInt(behaviour.spreadBps);
    const price = outside.usdcAtomsPerEth();
    if (is(WETH, tokenIn) && dollar(tokenOut)) return (amountIn * price * keeps) / (WEI_PER_ETH * BPS);
    if (dollar(tokenIn) && is(WETH, tokenOut)) return (amountIn * WEI_PER_ETH * keeps) / (price * BPS);
    return undefined;
  };

  const tell = ({ offer }: OpenOrder, reason: UniswapXSkipReason): void => {
    if (told.get(offer.orderHash) === reason) return;
    told.set(offer.orderHash, reason);
    emit({ kind: 'uniswapx-skipped', chainId: offer.chainId, orderHash: offer.orderHash, reason });
  };

  /** Why it is not filled now, or nothing. */
  const objection = async (one: OpenOrder, chain: WorldChain, now: number): Promise<UniswapXSkipReason | undefined> => {
    const { order, takenAt } = one;
    if (behaviour.ignore({ orderHash: one.offer.orderHash, swapper: order.swapper })) return 'ignored';
    if (now < takenAt + behaviour.delaySeconds) return 'not-yet';
    const required = requiredOutput(order, maker.address, now);
    if (required === 'exclusive') return 'exclusive-to-another';
    const own = worth(chain, order);
    if (own === undefined) return 'unsupported-token';
    if (own < required) return 'price-too-high';
    const [held] = await read(chain, order.tokenOut, ERC20, 'balanceOf', [maker.address]);
    return (held as bigint) < required ? 'no-inventory' : undefined;
  };

  const fill = async (one: OpenOrder, chain: WorldChain): Promise<boolean> => {
    const { offer, order } = one;
    const [allowed] = await read(chain, order.tokenOut, ERC20, 'allowance', [maker.address, offer.reactor]);
    if ((allowed as bigint) < order.startAmount * 2n) {
      await submit(chain, maker, order.tokenOut, ERC20.encodeFunctionData('approve', [offer.reactor, MaxUint256]));
    }
    const data = REACTOR.encodeFunctionData('execute', [[offer.encodedOrder, offer.signature]]);
    try {
      const { hash } = await submit(chain, maker, offer.reactor, data);
      emit({ kind: 'uniswapx-filled', chainId: chain.id, orderHash: offer.orderHash, txHash: hash as Hex });
      return true;
    } catch (error) {
      if (reasonOf(error).includes('does not answer')) throw error;
      tell(one, 'fill-reverts');
      return false;
    }
  };

  /** Whether the order stays open. */
  const handle = async (one: OpenOrder): Promise<boolean> => {
    const chain = world.chain(one.offer.chainId);
    const now = await chainClock(chain);
    if (now > one.order.deadline) {
      tell(one, 'expired');
      return false;
    }
    const why = await objection(one, chain, now);
    if (why === undefined) return !(await fill(one, chain));
    tell(one, why);
    return true;
  };

  const cosign = (offer: DutchOrderOffer, now: number): Hex => {
    const exclusive = behaviour.exclusiveFiller ?? (behaviour.exclusiveSeconds > 0 ? maker.address : ZeroAddress);
    const decayStart = now + behaviour.exclusiveSeconds;
    const terms = {
      decayStart,
      decayEnd: decayStart + DECAY_SECONDS,
      exclusiveFiller: exclusive,
      overrideBps: behaviour.overrideBps,
      outputAmount: 0n,
    };
    const digest = keccak256(concat([offer.orderHash, encodeCosignerData(terms)]));
    return encodeCosigned(offer.encodedOrder, terms, new SigningKey(maker.privateKey).sign(digest).serialized);
  };

  return {
    behave(change) {
      behaviour = { ...behaviour, ...change };
    },
    rewind() {
      open = [];
      told.clear();
    },
    async quote({ chainId, ...ask }) {
      const chain = world.chain(chainId);
      const amountOut = worth(chain, ask);
      if (amountOut === undefined || amountOut === 0n) return undefined;
      const now = await chainClock(chain);
      const { exclusiveFiller = maker.address, exclusiveSeconds, overrideBps } = behaviour;
      const exclusivity = { filler: exclusiveFiller, until: now + exclusiveSeconds, overrideBps };
      return { amountOut, validUntil: now + QUOTE_SECONDS, ...(exclusiveSeconds > 0 ? { exclusivity } : {}) };
    },
    async take(offer) {
      const chain = world.chain(offer.chainId);
      const now = await chainClock(chain);
      const encodedOrder = offer.kind === 'v2-dutch' ? cosign(offer, now) : offer.encodedOrder;
      let order: SeenDutchOrder;
      try {
        order = decodeDutch(offer.kind, encodedOrder);
      } catch (cause) {
        throw new DevnetError(
          'INVALID_INPUT',
          'The filler was offered what is no Dutch order. Encode it as its reactor takes it.',
          {
            cause,
            details: { kind: offer.kind },
          },
        );
      }
      if (!open.some((one) => one.offer.orderHash === offer.orderHash)) {
        open.push({ offer: { ...offer, encodedOrder }, order, takenAt: now });
      }
      return offer.kind === 'v2-dutch' ? { cosignedOrder: encodedOrder } : {};
    },
    async pass() {
      // One at a time, each taken out by itself: more may be offered meanwhile.
      for (const one of [...open]) {
        if (!(await handle(one))) open = open.filter((other) => other !== one);
      }
    },
  };
}
