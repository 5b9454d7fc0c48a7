import type { Address, Random, Token } from '@evenkeel/core';
import { type BatchMarket, type BatchOrder, orderOfIntent } from '@evenkeel/core/batch';
import type { World } from '@evenkeel/devnet';
import { createIntent, type RebalanceIntent } from '@evenkeel/intents';
import { id, Wallet } from 'ethers';
import type { ReadMarket } from '../market.js';

/** A portfolio of the demonstration: its key, what it wants, and where it has funds. */
export interface Participant {
  readonly wallet: Wallet;
  readonly intent: RebalanceIntent;
  readonly order: BatchOrder;
  readonly chainIds: readonly number[];
}

/** How needs are drawn. */
export interface Needs {
  readonly portfolios: number;
  readonly seed: number;
  /** All buy. */
  readonly sameSign: boolean;
  /** All accounts are of one owner, who can settle for them by an account of its own. */
  readonly oneOwner: boolean;
}

/** Log-normal: median and standard deviation of the logarithm, cut off at both ends. Units of the underlying. */
const SIZE = { median: 1.5, sigma: 0.8, least: 0.1, most: 12 } as const;
/** So many have funds on a second chain as well. */
const SHARE_ON_TWO = 0.3;
/** How far from its target a delta may end up, of the trade. */
const TOLERANCE = 0.05;
const MOST_COST_BPS = 100;
const VALID_SECONDS = 3_600;
/** More than the gas limits of any transaction here come to. */
const NATIVE_WEI = 20n * 10n ** 18n;

/** How needs are drawn, in words. */
export function distributionText({ oneOwner, portfolios, sameSign, seed }: Needs): string {
  const signs = sameSign ? 'all buy' : 'half of them buy';
  const places = sameSign ? 'each on one chain' : `${SHARE_ON_TWO * 100} % with funds on a second chain`;
  return (
    `${portfolios} portfolios${oneOwner ? ' of one owner' : ''}, ${signs}, sizes log-normal with median ${SIZE.median} ETH and sigma ${SIZE.sigma}, ` +
    `${SIZE.least} to ${SIZE.most} ETH; home chain uniform, ${places}; seed ${seed}.`
  );
}

/** Draws who wants what; the same needs and markets give the same participants. */
export function drawParticipants(
  needs: Needs,
  markets: readonly ReadMarket[],
  random: Random,
  nowSeconds: number,
): readonly Participant[] {
  return Array.from({ length: needs.portfolios }, (_, index) => {
    const wallet = new Wallet(id(`evenkeel batch participant ${needs.seed}/${index}`));
    const size = drawSize(random);
    const buys = needs.sameSign || random.next() < 0.5;
    const home = Math.floor(random.next() * markets.length);
    const isOnTwo = random.next() < SHARE_ON_TWO && markets.length > 1 && !needs.sameSign;
    const second = (home + 1 + Math.floor(random.next() * (markets.length - 1))) % markets.length;
    const places = isOnTwo ? [markets[home]!, markets[second]!] : [markets[home]!];
    const change = `${buys ? '' : '-'}${size}`;
    const tolerance = (TOLERANCE * Number(size)).toFixed(6);
    const intent = createIntent(
      {
        underlying: 'ETH',
        deltaChangeUnits: change,
        postTradeDelta: { low: `-${tolerance}`, high: tolerance },
        exposureHash: id(`exposure ${needs.seed}/${index}`) as `0x${string}`,
        spending: places.map(({ market, place }) => limitOf(market, place.chain.id, buys, size, wallet)),
        maxCostBps: MOST_COST_BPS,
        referencePrice: { source: 'certified-mid', price: markets[home]!.midPrice },
        adapters: ['gpv2-batch'],
        schedule: { kind: 'single' },
        partialFill: 'allowed',
        deadline: nowSeconds + VALID_SECONDS,
        signer: wallet.address as Address,
      },
      { nowSeconds, random },
    );
    const all = markets.map(({ market }) => market);
    const order = orderOfIntent(intent, all, buys ? `-${size}` : size);
    return { wallet, intent, order, chainIds: places.map(({ place }) => place.chain.id) };
  });
}

function drawSize(random: Random): string {
  // Box and Muller (1958).
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.min(SIZE.most, Math.max(SIZE.least, SIZE.median * Math.exp(SIZE.sigma * normal))).toFixed(4);
}

function limitOf(market: BatchMarket, chainId: number, buys: boolean, size: string, wallet: Wallet) {
  const token = buys ? market.quote : market.base;
  return {
    chainId,
    token: token.address,
    maxSpend: stockOf(market, token, size),
    recipient: wallet.address as Address,
  };
}

/** Enough of a token to trade it all, and some beside: nobody's account is empty before or after. */
function stockOf(market: BatchMarket, token: Token, size: string): bigint {
  const units = 1.2 * Number(size) * (token === market.quote ? Number(market.midPrice) : 1);
  return BigInt(Math.ceil(units * 1e6)) * 10n ** BigInt(token.decimals - 6);
}

/** Gives the participants both tokens on their chains. */
export async function fundParticipants(
  world: World,
  participants: readonly Participant[],
  markets: readonly ReadMarket[],
): Promise<void> {
  for (const { market, place } of markets) {
    const here = participants.filter(({ chainIds }) => chainIds.includes(place.chain.id));
    for (const { intent, wallet } of here) {
      const size = intent.deltaChangeUnits.replace('-', '');
      await world.fundNative(place.chain.id, wallet.address as Address, NATIVE_WEI);
      for (const token of [market.base, market.quote]) {
        await world.fund(token, wallet.address as Address, stockOf(market, token, size));
      }
    }
  }
}
