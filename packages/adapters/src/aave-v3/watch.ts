import { type Address, type Chain, fromAtoms, type Token } from '@evenkeel/core';
import type { VenueCondition, VenueHappening, VenueWatch } from '@evenkeel/core/watch';
import { Interface, type Result } from 'ethers';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { happeningsOf, type WatchedBlocks } from '../common/happenings.js';
import { contractRead, optionalRead, readContracts } from '../common/read.js';
import { accountDataAbi, oracleAbi } from './abi.js';
import { type AaveContracts, readAaveContracts } from './short-state.js';

export interface AaveV3WatchOptions {
  readonly chain: Chain;
  /** PoolAddressesProvider. */
  readonly addressesProvider: Address;
  /** Reserves that the book uses: what it has supplied and what it owes. */
  readonly reserves: readonly Token[];
  /** Collateral × threshold over debt that the account should keep. Absent: its margin is not looked at. */
  readonly minHealthFactor?: number;
  /** A cap of which so much is used counts as reached. Default: 0.98. */
  readonly nearCap?: number;
}

const totalsAbi: Interface = new Interface([
  'function getUserAccountData(address) view returns ((uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 healthFactor))',
]);
const liquidationAbi = new Interface([
  'event LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken)',
]);
const WAD = { decimals: 18 } as const;
const uint = v.bigint();

const totalsOutput = v.pipe(
  v.tuple([uint, uint, uint, uint, uint, uint]),
  v.transform(([, debt, , , , healthFactor]) => ({ debt, healthFactor: Number(fromAtoms(WAD, healthFactor)) })),
);
const usedOutput = v.pipe(
  v.looseTuple([uint, uint, uint, uint, uint]),
  v.transform(([, , supplied, stableDebt, variableDebt]) => ({ supplied, borrowed: stableDebt + variableDebt })),
);
const capsOutput = v.pipe(
  v.tuple([uint, uint]),
  v.transform(([borrow, supply]) => ({ borrow, supply })),
);
const rulesOutput = v.pipe(
  v.looseTuple([uint, uint, uint, uint, uint, v.boolean(), v.boolean(), v.boolean(), v.boolean(), v.boolean()]),
  v.transform(([, , , , , , , , isActive, isFrozen]) => ({ isShut: !isActive || isFrozen })),
);

/**
 * Watches an account on Aave v3 and the reserves that it uses: reserves that are frozen or paused, caps that are reached, a
 * feed that gives no price, a health factor that falls below what it should be; and liquidations.
 *
 * @throws {ContractUnreadableError} and what the chain throws, by `look`
 * @example
 * ```ts
 * const watch = aaveV3Watch({ chain, addressesProvider, reserves: [weth, usdc], minHealthFactor: 1.3 })
 * const { changes } = await pollVenues([watch], owner, memory, signal)
 * ```
 */
export function aaveV3Watch(options: AaveV3WatchOptions): VenueWatch {
  const { addressesProvider, chain } = options;
  const id = `aave-v3-${chain.id}`;
  return Object.freeze({
    id,
    look: async (owner: Address, sinceBlock: number | undefined, signal: AbortSignal) => {
      const contracts = await readAaveContracts(chain, addressesProvider, signal);
      const { blockNumber, conditions } = await conditionsOf(options, id, contracts, owner, signal);
      const happened = await liquidations(options, contracts, owner, { sinceBlock, toBlock: blockNumber }, signal);
      return deepFreeze({ conditions, happened, blockNumber });
    },
  });
}

async function conditionsOf(
  options: AaveV3WatchOptions,
  id: string,
  { dataProvider, oracle, pool }: AaveContracts,
  owner: Address,
  signal: AbortSignal,
): Promise<{ readonly conditions: readonly VenueCondition[]; readonly blockNumber: number }> {
  const { chain, minHealthFactor, reserves } = options;
  const of = (token: Token) => {
    const read = <T>(name: string, schema: v.GenericSchema<unknown, T>) =>
      contractRead(accountDataAbi, dataProvider, name, [token.address], schema);
    return [
      read('getReserveConfigurationData', rulesOutput),
      read('getPaused', v.boolean()),
      read('getReserveCaps', capsOutput),
      read('getReserveData', usedOutput),
      optionalRead(contractRead(oracleAbi, oracle, 'getAssetPrice', [token.address], uint)),
    ] as const;
  };
  const account = contractRead(totalsAbi, pool, 'getUserAccountData', [owner], totalsOutput);
  // All in one turn: the chain answers them in one request, at one block.
  const [totals, ...found] = await Promise.all([
    readContracts(chain, [optionalRead(account)], signal),
    ...reserves.map(async (token) => ({ token, values: (await readContracts(chain, of(token), signal)).values })),
  ]);
  const conditions = found.flatMap(({ token, values: [rules, isPaused, caps, used, price] }) =>
    ofReserve(options, id, token, { ...rules, isPaused, caps, used, price }),
  );
  const [state] = totals.values;
  if (state !== undefined && minHealthFactor !== undefined && state.debt > 0n && state.healthFactor < minHealthFactor) {
    const sentence = `The health factor on Aave on ${chain.name} is ${state.healthFactor.toFixed(3)}, below ${minHealthFactor}: at 1 it is liquidated.`;
    conditions.push({ id, code: 'MARGIN_NEAR', sentence, answer: 'add-margin' });
  }
  return { conditions, blockNumber: totals.block.number };
}

interface ReserveState {
  readonly isShut: boolean;
  readonly isPaused: boolean;
  /** Whole units; zero is no cap. */
  readonly caps: { readonly borrow: bigint; readonly supply: bigint };
  /** Atoms. */
  readonly used: { readonly borrowed: bigint; readonly supplied: bigint };
  readonly price: bigint | undefined;
}

function ofReserve(
  { chain, nearCap = 0.98 }: AaveV3WatchOptions,
  id: string,
  token: Token,
  { caps, isPaused, isShut, price, used }: ReserveState,
): readonly VenueCondition[] {
  const at = `${id}/${token.symbol}`;
  const name = `${token.symbol} on Aave on ${chain.name}`;
  const conditions: VenueCondition[] = [];
  const add = (code: VenueCondition['code'], sentence: string): void => {
    conditions.push({ id: at, code, sentence, answer: 'hedge-elsewhere' });
  };
  const isNear = (atoms: bigint, cap: bigint): boolean =>
    cap > 0n && Number(fromAtoms(token, atoms)) >= nearCap * Number(cap);
  if (isPaused) add('MARKET_PAUSED', `${name} is paused: nothing moves, not even to repay or to withdraw.`);
  else if (isShut)
    add('RESERVE_FROZEN', `${name} is frozen: what is there can be repaid and withdrawn, nothing new is taken.`);
  if (price === undefined || price === 0n) add('FEED_HALTED', `The price feed of ${name} does not answer.`);
  if (isNear(used.supplied, caps.supply)) add('DEPOSIT_CAP', `${name} takes no more: its cap is ${caps.supply}.`);
  if (isNear(used.borrowed, caps.borrow)) add('BORROW_CAP', `${name} lends no more: its cap is ${caps.borrow}.`);
  return conditions;
}

function liquidations(
  { chain, reserves }: AaveV3WatchOptions,
  { pool }: AaveContracts,
  owner: Address,
  blocks: WatchedBlocks,
  signal: AbortSignal,
): Promise<readonly VenueHappening[]> {
  const say = (address: string, atoms: bigint): string => {
    const token = reserves.find((each) => each.address.toLowerCase() === address.toLowerCase());
    return token === undefined ? `${atoms} atoms of ${address}` : `${fromAtoms(token, atoms)} ${token.symbol}`;
  };
  const tell = (args: Result) => {
    const [collateral, debt, , covered, taken] = args as unknown as [string, string, string, bigint, bigint];
    const sentence = `Somebody repaid ${say(debt, covered)} of this account on Aave on ${chain.name}, and took ${say(collateral, taken)} for it.`;
    return { code: 'LIQUIDATED', sentence, answer: 'rehedge' } as const;
  };
  const told = { abi: liquidationAbi, event: 'LiquidationCall', address: pool, indexed: [null, null, owner] };
  return happeningsOf(chain, told, blocks, tell, signal);
}
