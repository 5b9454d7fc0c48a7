import { type Address, Decimal, type DecimalString } from '@evenkeel/core';
import { Interface } from 'ethers';
import * as v from 'valibot';
import { ContractUnreadableError } from '../common/errors.js';
import { wordSchema } from '../common/schemas.js';
import { type Read, structOf, viewCall } from '../uniswap/read.js';
import { single, uintOutput } from '../uniswap/schemas.js';

const viewAbi = new Interface([
  'function optionCount(address) view returns (uint256)',
  'function optionsOf(address) view returns ((bytes32 id, bool isCall, int256 sizeWad, uint256 strikeWad, uint64 expirySeconds, uint256 annualVolatilityWad, uint256 forwardRatioWad, uint64 updatedAtSeconds)[])',
]);

/** One option as the contract has it; what it does not state is undefined. */
export interface OptionView {
  readonly id: string;
  readonly optionType: 'call' | 'put';
  readonly sizeUnits: DecimalString;
  readonly strike: DecimalString;
  readonly expirySeconds: number;
  readonly annualVolatility?: DecimalString;
  readonly forwardRatio?: DecimalString;
  readonly updatedAtSeconds?: number;
}

const fromWad = (wad: bigint): DecimalString => new Decimal(wad.toString()).shiftedBy(-18).toFixed();
const WAD = 10n ** 18n;
const seconds = v.pipe(
  v.bigint(),
  v.check((at) => at === 0n || (at > 1_000_000_000n && at < 10_000_000_000n), 'is not a unix time in seconds'),
  v.transform(Number),
);
const wadWithin = (low: bigint, high: bigint, problem: string) =>
  v.pipe(
    v.bigint(),
    v.check((wad) => wad === 0n || (wad >= low && wad <= high), problem),
  );

const optionSchema = v.pipe(
  v.tuple([
    wordSchema,
    v.boolean(),
    v.pipe(
      v.bigint(),
      v.check((size) => size !== 0n, 'is an option of no size'),
    ),
    v.pipe(v.bigint(), v.minValue(1n, 'is a strike of zero')),
    v.pipe(seconds, v.minValue(1, 'is no expiry')),
    wadWithin(WAD / 100n, 10n * WAD, 'is a volatility outside of 0.01 to 10 (18 decimals?)'),
    wadWithin(WAD / 2n, 2n * WAD, 'is a forward outside of 0.5 to 2 times spot (18 decimals?)'),
    seconds,
  ]),
  v.transform(([id, isCall, size, strike, expirySeconds, volatility, forward, updatedAtSeconds]): OptionView => ({
    id,
    optionType: isCall ? 'call' : 'put',
    sizeUnits: fromWad(size),
    strike: fromWad(strike),
    expirySeconds,
    ...(volatility === 0n ? {} : { annualVolatility: fromWad(volatility) }),
    ...(forward === 0n ? {} : { forwardRatio: fromWad(forward) }),
    ...(updatedAtSeconds === 0 ? {} : { updatedAtSeconds }),
  })),
);
const optionsOutput = single(
  v.pipe(
    v.array(optionSchema),
    v.check((all) => new Set(all.map(({ id }) => id)).size === all.length, 'has an id twice'),
  ),
);

/** All options of an owner. @throws {ContractUnreadableError} also where the list has another length than its count */
export function optionViews(contract: Address, owner: Address): Read<readonly OptionView[]> {
  const both = structOf<{ readonly count: bigint; readonly options: readonly OptionView[] }>({
    count: viewCall(viewAbi, 'optionCount', contract, [owner], uintOutput),
    options: viewCall(viewAbi, 'optionsOf', contract, [owner], optionsOutput),
  });
  return {
    calls: both.calls,
    decode: (results, chainId) => {
      const { count, options } = both.decode(results, chainId);
      if (count === BigInt(options.length)) return options;
      const problem = `it counts ${count} options and lists ${options.length}`;
      throw new ContractUnreadableError(chainId, contract, 'optionsOf', { details: { problem } });
    },
  };
}
