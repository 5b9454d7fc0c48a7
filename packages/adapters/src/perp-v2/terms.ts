import { type Address, Decimal, fromAtoms, type ReadBatch } from '@evenkeel/core';
import * as v from 'valibot';
import { contractRead, readContracts } from '../common/read.js';
import { accountBalanceAbi, baseTokenAbi, clearingHouseConfigAbi, exchangeAbi } from './abi.js';
import type { PerpV2Market } from './market.js';

/** What a trade on a market meets, besides its liquidity. */
export interface PerpV2Terms {
  /** The owner's position, atoms of the base token; shorts are negative. */
  readonly size: bigint;
  /** Dollars for one unit in the pool at this moment. */
  readonly poolPrice: number;
  /** What a long of one unit pays a day at the present averages; below zero it receives. Shorts the opposite. */
  readonly fundingPerUnitDay: number;
  readonly initialMarginRatio: number;
  readonly block: ReadBatch['block'];
}

const PPM = 1e6;
const Q96 = new Decimal(2).pow(96);

/**
 * Two requests: how the venue averages, then its averages.
 *
 * Source of the funding rate: curie-contract 2.8.4, `Exchange.settleFunding`: (average mark − average index) · time / day,
 * within the largest rate of the average index.
 *
 * @throws {ContractUnreadableError} and what the chain throws
 */
export async function readPerpV2Terms(market: PerpV2Market, owner: Address, signal: AbortSignal): Promise<PerpV2Terms> {
  const { accountBalance, chain, clearingHouseConfig: config, exchange } = market;
  const base = market.baseToken.address;
  const integer = v.bigint();
  const rules = await readContracts(
    chain,
    [
      contractRead(clearingHouseConfigAbi, config, 'getTwapInterval', [], integer),
      contractRead(clearingHouseConfigAbi, config, 'getMaxFundingRate', [], integer),
      contractRead(clearingHouseConfigAbi, config, 'getImRatio', [], integer),
    ],
    signal,
  );
  const [interval, maxRate, initial] = rules.values;
  const { block, values } = await readContracts(
    chain,
    [
      contractRead(accountBalanceAbi, accountBalance, 'getTakerPositionSize', [owner, base], integer),
      contractRead(exchangeAbi, exchange, 'getSqrtMarketTwapX96', [base, 0n], integer),
      contractRead(exchangeAbi, exchange, 'getSqrtMarketTwapX96', [base, interval], integer),
      contractRead(baseTokenAbi, base, 'getIndexPrice', [interval], integer),
    ],
    signal,
  );
  const [size, poolRoot, markRoot, indexAtoms] = values;
  const index = Number(fromAtoms({ decimals: 18 }, indexAtoms));
  const cap = (index * Number(maxRate)) / PPM;
  const premium = priceOf(markRoot) - index;
  return {
    size,
    poolPrice: priceOf(poolRoot),
    fundingPerUnitDay: Math.max(-cap, Math.min(cap, premium)),
    initialMarginRatio: Number(initial) / PPM,
    block,
  };
}

/** The base is the pool's first token, and both have 18 decimals. */
function priceOf(rootX96: bigint): number {
  return Number(new Decimal(rootX96.toString()).div(Q96).pow(2));
}
