import type { Address, Chain, ReadBatch, Token } from '@evenkeel/core';
import * as v from 'valibot';
import { balanceRead } from '../common/erc20.js';
import { type ContractRead, contractRead, readContracts } from '../common/read.js';
import { addressSchema } from '../common/schemas.js';
import { accountDataAbi, addressesProviderAbi, oracleAbi } from './abi.js';

const uint = v.bigint();
interface Rates {
  readonly supplyRate: bigint;
  readonly borrowRate: bigint;
}
const reserveOutput: v.GenericSchema<unknown, Rates> = v.pipe(
  v.looseTuple([uint, uint, uint, uint, uint, uint, uint]),
  v.transform(([, , , , , supplyRate, borrowRate]) => ({ supplyRate, borrowRate })),
);

interface Balances {
  readonly supplied: bigint;
  readonly variableDebt: bigint;
}
const accountOutput: v.GenericSchema<unknown, Balances> = v.pipe(
  v.looseTuple([uint, uint, uint]),
  v.transform(([supplied, , variableDebt]) => ({ supplied, variableDebt })),
);
const configurationOutput = v.pipe(
  v.looseTuple([uint, uint, uint, uint, uint, v.boolean(), v.boolean(), v.boolean(), v.boolean(), v.boolean()]),
  v.transform(([, , threshold, , , , canBorrow, , isActive, isFrozen]) => ({
    thresholdBps: Number(threshold),
    canBorrow,
    isActive,
    isFrozen,
  })),
);

/** Where the market's contracts stand at present; its governance may change them. */
export interface AaveContracts {
  readonly pool: Address;
  readonly dataProvider: Address;
  readonly oracle: Address;
}

export async function readAaveContracts(
  chain: Chain,
  addressesProvider: Address,
  signal: AbortSignal,
): Promise<AaveContracts> {
  const at = (name: string): ContractRead<Address> =>
    contractRead(addressesProviderAbi, addressesProvider, name, [], addressSchema);
  const { values } = await readContracts(
    chain,
    [at('getPool'), at('getPoolDataProvider'), at('getPriceOracle')],
    signal,
  );
  const [pool, dataProvider, oracle] = values;
  return { pool, dataProvider, oracle };
}

/** The tokens of a short: what is supplied for it, and what is owed. */
export interface ShortTokens {
  readonly collateral: Token;
  readonly debt: Token;
}

/** What an account has in the two reserves, with their yearly rates in 27 decimals. */
export interface ShortState {
  readonly supplied: bigint;
  readonly owed: bigint;
  readonly supplyRate: bigint;
  readonly borrowRate: bigint;
}

type AccountRead = ContractRead<Balances>;
type ReserveRead = ContractRead<Rates>;
/** Of collateral and debt: the account, then the reserve. */
export type ShortReads = readonly [AccountRead, AccountRead, ReserveRead, ReserveRead];

/** The reads of a {@link ShortState}, so that they can stand at the end of a simulation as well. */
export function shortReads(
  { dataProvider }: AaveContracts,
  owner: Address,
  { collateral, debt }: ShortTokens,
): ShortReads {
  const account = ({ address }: Token) =>
    contractRead(accountDataAbi, dataProvider, 'getUserReserveData', [address, owner], accountOutput);
  const reserve = ({ address }: Token) =>
    contractRead(accountDataAbi, dataProvider, 'getReserveData', [address], reserveOutput);
  return [account(collateral), account(debt), reserve(collateral), reserve(debt)];
}

export function shortState(read: <T>(read: ContractRead<T>) => T, reads: ShortReads): ShortState {
  const [collateral, debt, collateralReserve, debtReserve] = reads;
  return {
    supplied: read(collateral).supplied,
    owed: read(debt).variableDebt,
    supplyRate: read(collateralReserve).supplyRate,
    borrowRate: read(debtReserve).borrowRate,
  };
}

/** All that a new short hangs on. */
export interface ShortTerms extends ShortState {
  readonly contracts: AaveContracts;
  /** In the market's base currency. */
  readonly collateralPrice: bigint;
  readonly debtPrice: bigint;
  readonly thresholdBps: number;
  /** What of the debt token lies in the market. */
  readonly available: bigint;
  readonly wallet: { readonly collateral: bigint; readonly debt: bigint };
  readonly canBorrow: boolean;
  readonly block: ReadBatch['block'];
}

/**
 * Three requests: the contracts, the tokens of the reserve, and the account.
 *
 * @throws {ContractUnreadableError} and what the chain throws
 */
export async function readShortTerms(
  chain: Chain,
  addressesProvider: Address,
  owner: Address,
  tokens: ShortTokens,
  signal: AbortSignal,
): Promise<ShortTerms> {
  const contracts = await readAaveContracts(chain, addressesProvider, signal);
  const { dataProvider, oracle } = contracts;
  const { collateral, debt } = tokens;
  const reads = shortReads(contracts, owner, tokens);
  const price = ({ address }: Token) => contractRead(oracleAbi, oracle, 'getAssetPrice', [address], uint);
  const configuration = ({ address }: Token) =>
    contractRead(accountDataAbi, dataProvider, 'getReserveConfigurationData', [address], configurationOutput);
  const aToken = contractRead(accountDataAbi, dataProvider, 'getReserveTokensAddresses', [debt.address], aTokenOutput);
  const { block, values } = await readContracts(
    chain,
    [
      ...reads,
      price(collateral),
      price(debt),
      configuration(collateral),
      configuration(debt),
      balanceRead(collateral, owner),
      balanceRead(debt, owner),
      aToken,
    ] as const,
    signal,
  );
  const [ofCollateral, ofDebt, collateralReserve, debtReserve] = values;
  const [, , , , collateralPrice, debtPrice, rules, debtRules, collateralHeld, debtHeld, holder] = values;
  const stock = await readContracts(chain, [balanceRead(debt, holder)], signal);
  return {
    supplied: ofCollateral.supplied,
    owed: ofDebt.variableDebt,
    supplyRate: collateralReserve.supplyRate,
    borrowRate: debtReserve.borrowRate,
    contracts,
    collateralPrice,
    debtPrice,
    thresholdBps: rules.thresholdBps,
    available: stock.values[0],
    wallet: { collateral: collateralHeld, debt: debtHeld },
    canBorrow: debtRules.canBorrow && debtRules.isActive && !debtRules.isFrozen && rules.isActive && !rules.isFrozen,
    block,
  };
}

const aTokenOutput = v.pipe(
  v.looseTuple([addressSchema]),
  v.transform(([address]) => address),
);
