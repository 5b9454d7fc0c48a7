import { type Address, type AsOf, type DecimalString, fromAtoms, type ReadBatch } from '@evenkeel/core';
import * as v from 'valibot';
import { contractRead, type ContractRead, readContracts } from '../common/read.js';
import { marketAbi } from './abi.js';
import type { SynthetixPerpsMarket } from './market.js';

/** An account in the venue's terms. Decimals; money in sUSD. */
export interface SynthetixPerpsAccount {
  /** Signed: shorts are negative. */
  readonly sizeUnits: DecimalString;
  /** At which the position was last changed, premium included. */
  readonly lastPrice: DecimalString;
  /** Settled, without profit and funding since then. */
  readonly margin: DecimalString;
  /** Positive is owed to the account. */
  readonly accruedFunding: DecimalString;
  /** With profit and funding; at what the venue counts it as too little it is liquidated. */
  readonly remainingMargin: DecimalString;
  /** What can be withdrawn. */
  readonly accessibleMargin: DecimalString;
  /** Zero without a position. */
  readonly liquidationPrice: DecimalString;
  /** Somebody has announced its liquidation. */
  readonly isFlagged: boolean;
  /** The feed's. */
  readonly price: DecimalString;
  /** The feed gives no price to go by. */
  readonly isPriceInvalid: boolean;
  readonly asOf: AsOf;
}

const WAD = { decimals: 18 } as const;
const valued = v.tuple([v.bigint(), v.boolean()]);
const positionOutput = v.pipe(
  v.tuple([v.bigint(), v.bigint(), v.bigint(), v.bigint(), v.bigint()]),
  v.transform(([, , margin, lastPrice, size]) => ({ margin, lastPrice, size })),
);

/** A view of the market that says a value and whether its price is invalid. */
export function valueRead(
  { market }: Pick<SynthetixPerpsMarket, 'market'>,
  name: string,
  args: readonly unknown[] = [],
): ContractRead<[bigint, boolean]> {
  return contractRead(marketAbi, market, name, args, valued);
}

export function positionRead(
  { market }: Pick<SynthetixPerpsMarket, 'market'>,
  owner: Address,
): ContractRead<{ readonly margin: bigint; readonly lastPrice: bigint; readonly size: bigint }> {
  return contractRead(marketAbi, market, 'positions', [owner], positionOutput);
}

/**
 * An account of the market, in one request.
 *
 * @throws {ContractUnreadableError} and what the chain throws
 * @example
 * ```ts
 * const { liquidationPrice } = await readSynthetixPerpsAccount(market, owner, signal)
 * ```
 */
export async function readSynthetixPerpsAccount(
  market: SynthetixPerpsMarket,
  owner: Address,
  signal: AbortSignal,
): Promise<SynthetixPerpsAccount> {
  const { chain } = market;
  const { block, values } = await readContracts(
    chain,
    [
      positionRead(market, owner),
      valueRead(market, 'accruedFunding', [owner]),
      valueRead(market, 'remainingMargin', [owner]),
      valueRead(market, 'accessibleMargin', [owner]),
      valueRead(market, 'liquidationPrice', [owner]),
      valueRead(market, 'assetPrice'),
      contractRead(marketAbi, market.market, 'isFlagged', [owner], v.boolean()),
    ],
    signal,
  );
  const [position, [funding], [remaining], [accessible], [liquidation], [price, isPriceInvalid], isFlagged] = values;
  const say = (atoms: bigint): DecimalString => fromAtoms(WAD, atoms);
  return Object.freeze({
    sizeUnits: say(position.size),
    lastPrice: say(position.lastPrice),
    margin: say(position.margin),
    accruedFunding: say(funding),
    remainingMargin: say(remaining),
    accessibleMargin: say(accessible),
    liquidationPrice: say(liquidation),
    isFlagged,
    price: say(price),
    isPriceInvalid,
    asOf: asOfBlock(market, block),
  });
}

export function asOfBlock({ chain }: SynthetixPerpsMarket, block: ReadBatch['block']): AsOf {
  const { number, timeSeconds } = block;
  return Object.freeze({ source: 'synthetix-perps', timeSeconds, chainId: chain.id, blockNumber: number });
}
