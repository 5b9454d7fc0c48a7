import type { Address } from '@evenkeel/core';
import type { BatchOrder } from '@evenkeel/core/batch';
import { id, type Wallet } from 'ethers';
import type { ReadMarket } from '../src/batch/market.js';

const E18 = 10n ** 18n;
/** From the middle of the market. */
const LIMIT_SHARE = 0.02;
const VALID_SECONDS = 600;

/** Even indices buy, odd ones sell; each has its own size, so that something is left to be routed. */
export function batchOrder(
  index: number,
  read: ReadMarket,
  owner: Wallet,
  nowSeconds: number,
  change: Partial<BatchOrder> = {},
): BatchOrder {
  const side = index % 2 === 0 ? 'buy' : 'sell';
  const baseAtoms = E18 + (BigInt(index + 1) * E18) / 10n;
  const limit = (Number(baseAtoms) / 1e18) * Number(read.midPrice) * (1 + (side === 'buy' ? 1 : -1) * LIMIT_SHARE);
  return {
    id: id(`intent ${index}`),
    owner: owner.address as Address,
    side,
    markets: [read.market.id],
    baseAtoms,
    limitQuoteAtoms: BigInt(Math.round(limit * 1e6)),
    validUntil: nowSeconds + VALID_SECONDS,
    ...change,
  };
}
