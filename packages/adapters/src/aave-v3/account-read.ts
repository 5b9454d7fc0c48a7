import type { Address } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema } from '../common/schemas.js';
import { allOf, type Read, structOf, viewCall } from '../uniswap/read.js';
import { addressOutput, single, uintOutput } from '../uniswap/schemas.js';
import type { Advance, StagedRead } from '../uniswap/staged-read.js';
import { addressesProviderAbi, dataProviderAbi, oracleAbi, poolAbi } from './abi.js';

/** Where the market's contracts stand and which assets it has; all of it can be changed by its governance. */
export interface MarketView {
  readonly pool: Address;
  readonly dataProvider: Address;
  readonly oracle: Address;
  readonly reserves: readonly Address[];
}

/** What an account has in one reserve. */
export interface ReserveState {
  readonly asset: Address;
  readonly decimals: number;
  readonly supplied: bigint;
  readonly borrowed: bigint;
  readonly isCollateral: boolean;
  /** In the market's base currency, with its decimals. */
  readonly price: bigint;
  /** Hundredths of a percent. */
  readonly liquidationThresholdBps: number;
  readonly liquidationBonusBps: number;
}

/** An account as the pool sums it up, and in its parts. */
export interface AccountState {
  readonly collateralBase: bigint;
  readonly debtBase: bigint;
  readonly liquidationThresholdBps: number;
  readonly eMode: bigint;
  readonly reserves: readonly ReserveState[];
}

type Contracts = Omit<MarketView, 'reserves'>;

interface Answer extends Readonly<Record<string, unknown>> {
  readonly contracts: Contracts;
  readonly reserves: readonly Address[] | undefined;
  readonly account: Omit<AccountState, 'reserves'> | undefined;
  readonly states: readonly ReserveState[];
}

const bps = v.pipe(v.bigint(), v.minValue(0n), v.maxValue(65_535n), v.transform(Number));
const accountSchema = v.pipe(
  v.tuple([v.bigint(), v.bigint(), v.bigint(), bps, v.bigint(), v.bigint()]),
  v.transform(([collateralBase, debtBase, , liquidationThresholdBps]) => ({
    collateralBase,
    debtBase,
    liquidationThresholdBps,
  })),
);
const configurationSchema = v.pipe(
  v.looseTuple([v.pipe(v.bigint(), v.maxValue(36n), v.transform(Number)), v.bigint(), bps, bps]),
  v.transform(([decimals, , liquidationThresholdBps, liquidationBonusBps]) => ({
    decimals,
    liquidationThresholdBps,
    liquidationBonusBps,
  })),
);
const userSchema = v.pipe(
  v.tuple([
    ...[v.bigint(), v.bigint(), v.bigint(), v.bigint(), v.bigint(), v.bigint(), v.bigint(), v.bigint()],
    v.boolean(),
  ] as const),
  v.transform(([supplied, stableDebt, variableDebt, , , , , , isCollateral]) => ({
    supplied,
    borrowed: stableDebt + variableDebt,
    isCollateral,
  })),
);
const addressesSchema = single(v.pipe(v.array(addressSchema), v.minLength(1, 'has no reserves')));
/** A price of zero is a feed that does not answer. */
const priceOutput = single(v.pipe(v.bigint(), v.minValue(1n, 'is a price of zero')));

/** An account with all its parts. One request as long as the market's contracts and reserves are those that were known. */
export function stagedAccount(
  addressesProvider: Address,
  owner: Address,
): StagedRead<MarketView | undefined, Answer, AccountState> {
  const at = (name: string): Read<Address> =>
    viewCall(addressesProviderAbi, name, addressesProvider, [], addressOutput);
  const contracts = structOf<Contracts & Readonly<Record<string, unknown>>>({
    pool: at('getPool'),
    dataProvider: at('getPoolDataProvider'),
    oracle: at('getPriceOracle'),
  });
  return {
    key: `${addressesProvider}/${owner}`.toLowerCase(),
    unknown: undefined,
    plan: (view) =>
      structOf<Answer>({
        contracts,
        reserves: view === undefined ? NOTHING : viewCall(poolAbi, 'getReservesList', view.pool, [], addressesSchema),
        account: view === undefined ? NOTHING : accountRead(view.pool, owner),
        states: allOf((view?.reserves ?? []).map((asset) => reserveRead(view!, asset, owner))),
      }),
    advance: (view, got): Advance<MarketView | undefined, AccountState> => {
      const { account, reserves = [], states } = got;
      const now: MarketView = Object.freeze({ ...got.contracts, reserves });
      const same = view !== undefined && keyOf(view) === keyOf(now);
      if (!same || account === undefined) return { kind: 'again', view: now };
      return { kind: 'done', value: { ...account, reserves: states } };
    },
  };
}

const NOTHING: Read<undefined> = { calls: [], decode: () => undefined };

function keyOf({ dataProvider, oracle, pool, reserves }: MarketView): string {
  return [pool, dataProvider, oracle, ...reserves].join().toLowerCase();
}

function accountRead(pool: Address, owner: Address): Read<Omit<AccountState, 'reserves'>> {
  const both = structOf<{ readonly totals: v.InferOutput<typeof accountSchema>; readonly eMode: bigint }>({
    totals: viewCall(poolAbi, 'getUserAccountData', pool, [owner], accountSchema),
    eMode: viewCall(poolAbi, 'getUserEMode', pool, [owner], uintOutput),
  });
  return {
    calls: both.calls,
    decode: (results, chainId) => {
      const { eMode, totals } = both.decode(results, chainId);
      return { ...totals, eMode };
    },
  };
}

function reserveRead({ dataProvider, oracle }: MarketView, asset: Address, owner: Address): Read<ReserveState> {
  const parts = structOf<{
    readonly terms: v.InferOutput<typeof configurationSchema>;
    readonly user: v.InferOutput<typeof userSchema>;
    readonly price: bigint;
  }>({
    terms: viewCall(dataProviderAbi, 'getReserveConfigurationData', dataProvider, [asset], configurationSchema),
    user: viewCall(dataProviderAbi, 'getUserReserveData', dataProvider, [asset, owner], userSchema),
    price: viewCall(oracleAbi, 'getAssetPrice', oracle, [asset], priceOutput),
  });
  return {
    calls: parts.calls,
    decode: (results, chainId) => {
      const { price, terms, user } = parts.decode(results, chainId);
      return { asset, price, ...terms, ...user };
    },
  };
}
