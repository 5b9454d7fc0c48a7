import { type Address, type Call, fromAtoms, type Hex, sameAddress, type Token } from '@evenkeel/core';
import {
  lendingMargin,
  type MarginChange,
  type MarginPosition,
  type MarginVenue,
  moneyPaidIn,
  type PaymentReading,
} from '@evenkeel/core/margin';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { approveCalls, balanceRead } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { contractRead, readContracts } from '../common/read.js';
import { accountDataAbi, poolAbi } from './abi.js';
import { AaveMarginUnknownError } from './errors.js';
import { type AaveMarginMarket, aaveMarginReader } from './margin.js';
import { readAaveContracts } from './short-state.js';

/** An account that is kept, and the pool that payments go to: held against what the market's provider says. */
export interface AaveMarginPlace extends AaveMarginMarket {
  readonly pool: Address;
}

/** Of an approval and a supply or a repayment, the first of an account included. */
const SUPPLY_GAS = 330_000n;
const REPAY_GAS = 280_000n;
const VARIABLE = 2n;

/**
 * The margin of an account on Aave v3, to be kept by the loop: collateral is supplied in the numeraire, debt of the
 * underlying and of the numeraire is repaid out of the wallet or out of what a bridge brings. Where an instrument trades it,
 * its short is made smaller: bought back and repaid, with money of the wallet.
 *
 * Debt at a stable rate counts, and is not repaid.
 *
 * @param id under which intents admit its payments
 * @param carries the instrument that trades the account. Absent: nothing of it is traded
 * @throws AAVE_MARGIN_UNKNOWN, CONTRACT_UNREADABLE and what the chain throws, by `read`
 * @example
 * ```ts
 * const venue = aaveMarginVenue(market, 'aave-short-10-margin', { adapter: 'aave-short-10', instrument: 'WETH' })
 * const margin = { venues: [venue], ways: ['wallet', 'bridge', 'reduce'] }
 * ```
 */
export function aaveMarginVenue(market: AaveMarginPlace, id: string, carries?: MarginVenue['carries']): MarginVenue {
  const { chain, numeraire, pool, underlying } = market;
  const readMargin = aaveMarginReader(market);
  const repay = (token: Token) => ({
    id: `repay-${token.symbol}`,
    token: { ...token },
    gasUnits: REPAY_GAS,
    calls: (atoms: bigint, owner: Address) => payment(market, token, atoms, owner, 'repay'),
  });
  return Object.freeze({
    id,
    name: `Aave v3 on ${chain.name}`,
    chainId: chain.id,
    ...(carries === undefined ? {} : { carries: Object.freeze({ ...carries }) }),
    payments: deepFreeze([
      {
        id: 'supply',
        token: { ...numeraire },
        gasUnits: SUPPLY_GAS,
        calls: (atoms: bigint, owner: Address) => payment(market, numeraire, atoms, owner, 'supply'),
      },
      repay(underlying),
      repay(numeraire),
    ]),
    targets: (chainId: number) => Object.freeze(chainId === chain.id ? [pool] : []),
    read: async (owner: Address, signal: AbortSignal) => {
      const [{ margin, threshold }, [ofNumeraire, ofUnderlying]] = await Promise.all([
        readMargin(owner, signal),
        readTerms(market, owner, signal),
      ]);
      const { spot } = margin;
      const payments: Record<string, PaymentReading> = {
        ...suppliable(ofNumeraire, threshold),
        ...repayable(underlying, ofUnderlying, {
          change: { surplusAtZero: 0, surplusPerUnit: 1, equity: spot, gross: -spot },
          price: spot,
        }),
        ...repayable(numeraire, ofNumeraire, {
          change: { surplusAtZero: 1, surplusPerUnit: 0, equity: 1, gross: -1 },
          price: 1,
        }),
      };
      const position = carries === undefined ? undefined : positionOf(market, ofUnderlying, ofNumeraire, spot);
      return deepFreeze({
        account: lendingMargin(margin),
        payments,
        ...(position === undefined ? {} : { position }),
      });
    },
  } satisfies MarginVenue);
}

/** What a reserve says of itself and of the account, and what the wallet has of its token. */
interface ReserveTerms {
  /** Neither shut nor paused: debt can be repaid. */
  readonly isOpen: boolean;
  /** Nothing new is supplied. */
  readonly isFrozen: boolean;
  /** Atoms that it still takes; undefined without a cap. */
  readonly room: bigint | undefined;
  readonly owed: bigint;
  readonly walletAtoms: bigint;
}

async function readTerms(
  { addressesProvider, chain, numeraire, pool, underlying }: AaveMarginPlace,
  owner: Address,
  signal: AbortSignal,
): Promise<readonly [numeraire: ReserveTerms, underlying: ReserveTerms]> {
  const contracts = await readAaveContracts(chain, addressesProvider, signal);
  if (!sameAddress(contracts.pool, pool)) throw new AaveMarginUnknownError(`the pool is ${contracts.pool} now`);
  const termsOf = async (token: Token): Promise<ReserveTerms> => {
    const read = <T>(name: string, schema: v.GenericSchema<unknown, T>, args: readonly unknown[] = []) =>
      contractRead(accountDataAbi, contracts.dataProvider, name, [token.address, ...args], schema);
    const { values } = await readContracts(
      chain,
      [
        read('getReserveConfigurationData', rulesOutput),
        read('getPaused', v.boolean()),
        read('getReserveCaps', supplyCapOutput),
        read('getReserveData', suppliedOutput),
        read('getUserReserveData', variableDebtOutput, [owner]),
        balanceRead(token, owner),
      ] as const,
      signal,
    );
    const [{ isActive, isFrozen }, isPaused, cap, supplied, owed, walletAtoms] = values;
    // The cap is in whole units, and what is accrued to the treasury counts towards it.
    const most = cap * 10n ** BigInt(token.decimals);
    const room = cap === 0n ? undefined : most > supplied ? most - supplied : 0n;
    return { isOpen: isActive && !isPaused, isFrozen, room, owed, walletAtoms };
  };
  // In one turn: the chain answers them in one request.
  return Promise.all([termsOf(numeraire), termsOf(underlying)]);
}

const uint = v.bigint();
const rulesOutput = v.pipe(
  v.looseTuple([uint, uint, uint, uint, uint, v.boolean(), v.boolean(), v.boolean(), v.boolean(), v.boolean()]),
  v.transform(([, , , , , , , , isActive, isFrozen]) => ({ isActive, isFrozen })),
);
const supplyCapOutput = v.pipe(
  v.tuple([uint, uint]),
  v.transform(([, supply]) => supply),
);
const suppliedOutput = v.pipe(
  v.looseTuple([uint, uint, uint]),
  v.transform(([, toTreasury, supplied]) => supplied + toTreasury),
);
const variableDebtOutput = v.pipe(
  v.looseTuple([uint, uint, uint]),
  v.transform(([, , variableDebt]) => variableDebt),
);

function suppliable(
  { isFrozen, isOpen, room, walletAtoms }: ReserveTerms,
  threshold: number,
): Record<string, PaymentReading> {
  if (!isOpen || isFrozen || threshold === 0) return {};
  const roomAtoms = room === undefined ? {} : { roomAtoms: room };
  return { supply: { change: moneyPaidIn(threshold), price: 1, walletAtoms, ...roomAtoms } };
}

function repayable(
  { symbol }: Token,
  { isOpen, owed, walletAtoms }: ReserveTerms,
  terms: { readonly change: MarginChange; readonly price: number },
): Record<string, PaymentReading> {
  return isOpen && owed > 0n ? { [`repay-${symbol}`]: { ...terms, walletAtoms, roomAtoms: owed } } : {};
}

/** What is owed of the underlying. Buying it back takes nothing out of the account: what it costs is the wallet's. */
function positionOf(
  { numeraire, underlying }: AaveMarginMarket,
  { owed }: ReserveTerms,
  { walletAtoms }: ReserveTerms,
  spot: number,
): MarginPosition | undefined {
  if (owed === 0n) return undefined;
  const units = Number(fromAtoms(underlying, owed));
  const change = { surplusAtZero: 0, surplusPerUnit: units, equity: units * spot, gross: -units * spot };
  return { heldUnits: -units, reduction: () => change, paidWith: { token: { ...numeraire }, atoms: walletAtoms } };
}

function payment(
  { chain, pool }: AaveMarginPlace,
  token: Token,
  atoms: bigint,
  owner: Address,
  kind: 'repay' | 'supply',
): readonly Call[] {
  if (atoms <= 0n) throw new InvalidInputError('atoms', atoms, 'is not above zero', 'Give atoms of the token.');
  const args = kind === 'supply' ? [token.address, atoms, owner, 0] : [token.address, atoms, VARIABLE, owner];
  return deepFreeze([
    ...approveCalls(token, pool, atoms, false),
    {
      chainId: chain.id,
      to: pool,
      data: poolAbi.encodeFunctionData(kind, args) as Hex,
      valueWei: 0n,
      purpose: 'action' as const,
      description: `${kind} ${fromAtoms(token, atoms)} ${token.symbol} on Aave v3`,
    },
  ]);
}
