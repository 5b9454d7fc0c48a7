import { type Address, type AsOf, Decimal, type DecimalString, fromAtoms, sameAddress } from '@evenkeel/core';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { contractRead, readContracts } from '../common/read.js';
import { addressSchema } from '../common/schemas.js';
import { accountBalanceAbi, clearingHouseConfigAbi, collateralManagerAbi, exchangeAbi, vaultAbi } from './abi.js';
import { perpV2LiquidationPrice } from './liquidation-price.js';
import type { PerpV2Collateral, PerpV2Market } from './market.js';

/** Collateral that an account has in the vault besides the settlement token. */
export interface PerpV2HeldCollateral extends PerpV2Collateral {
  readonly atoms: bigint;
  /** The share of its value that counts as margin: "0.7". */
  readonly weight: DecimalString;
}

/** An account in one market. Money in dollars, as decimal strings. */
export interface PerpV2Account {
  /** Shorts are negative. */
  readonly sizeUnits: DecimalString;
  /** What a short received, less what a long paid; the position's profit at a price is size × price + this. */
  readonly openNotional: DecimalString;
  /** Funding since the last trade that is not settled; positive is owed to the account. */
  readonly pendingFunding: DecimalString;
  /** The settlement token in the vault with profits and losses that are realised and not yet booked there. */
  readonly settledMargin: DecimalString;
  readonly collaterals: readonly PerpV2HeldCollateral[];
  /** Tokens in the vault that the configuration does not list. */
  readonly unlisted: readonly Address[];
  /** Whether it provides liquidity, here or in another market of the deployment. */
  readonly isMaker: boolean;
  /** Whether it has positions in other markets, which share the margin. */
  readonly hasOtherMarkets: boolean;
  /** The venue's own: margin and profit at mark prices, weighted collateral included. */
  readonly accountValue: DecimalString;
  /** The venue's own: what may be withdrawn. */
  readonly freeCollateral: DecimalString;
  /** The venue's own: below this account value anybody may liquidate it. */
  readonly maintenanceMargin: DecimalString;
  /** The share of a position's value that it has to keep: "0.0625". */
  readonly maintenanceRatio: DecimalString;
  readonly markPrice: DecimalString;
  /**
   * The mark price at which it may be liquidated. Absent where no price does that harm, and where it cannot be known: for
   * makers, with other markets and with unlisted collateral.
   */
  readonly liquidationPrice?: DecimalString;
  readonly asOf: AsOf;
}

const WAD = { decimals: 18 } as const;
const PPM_DECIMALS = { decimals: 6 } as const;
/** Price feed, weight, and what is not needed here. */
const collateralConfig = v.looseTuple([addressSchema, v.bigint()]);

/**
 * Reads an account of Perp v2, in one request at one block.
 *
 * @throws {ContractUnreadableError} when a contract does not answer as its ABI says; also `OLD`, while the market's pool
 * has no half hour of history. And what the chain throws.
 * @example
 * ```ts
 * const { liquidationPrice, markPrice } = await readPerpV2Account(market, owner, AbortSignal.timeout(5_000))
 * ```
 */
export async function readPerpV2Account(
  market: PerpV2Market,
  owner: Address,
  signal: AbortSignal,
): Promise<PerpV2Account> {
  const listed = market.collaterals ?? [];
  // Asked in one turn, so that they travel in one request and see one block.
  const [{ block, values }, collaterals] = await Promise.all([
    readContracts(market.chain, accountReads(market, owner), signal),
    Promise.all(listed.map((each) => readCollateral(market, owner, each, signal))),
  ]);
  const [size, notional, owed, required, mark, bases, isMaker, funding, balance, value, free, tokens, ratio] = values;
  const settledMargin = new Decimal(fromAtoms(market.settlementToken, balance)).plus(fromAtoms(WAD, owed));
  const account = {
    sizeUnits: fromAtoms(WAD, size),
    openNotional: fromAtoms(WAD, notional),
    pendingFunding: fromAtoms(WAD, -funding),
    settledMargin: settledMargin.toFixed(),
    collaterals: collaterals.filter(({ atoms }) => atoms !== 0n),
    unlisted: tokens.filter((token) => !listed.some((each) => sameAddress(each.token.address, token))),
    isMaker,
    hasOtherMarkets: bases.some((base) => !sameAddress(base, market.baseToken.address)),
    accountValue: fromAtoms(market.settlementToken, value),
    freeCollateral: fromAtoms(market.settlementToken, free),
    maintenanceMargin: fromAtoms(WAD, required),
    maintenanceRatio: fromAtoms(PPM_DECIMALS, ratio),
    markPrice: fromAtoms(WAD, mark),
    asOf: { source: 'perp-v2', timeSeconds: block.timeSeconds, chainId: market.chain.id, blockNumber: block.number },
  };
  const liquidationPrice = priceOfLiquidation(account);
  return deepFreeze({ ...account, ...(liquidationPrice !== undefined && { liquidationPrice }) });
}

function accountReads(market: PerpV2Market, owner: Address) {
  const { accountBalance, baseToken, clearingHouseConfig, exchange, vault } = market;
  const base = baseToken.address;
  const integer = v.bigint();
  const addresses = v.array(addressSchema);
  return [
    contractRead(accountBalanceAbi, accountBalance, 'getTakerPositionSize', [owner, base], integer),
    contractRead(accountBalanceAbi, accountBalance, 'getTakerOpenNotional', [owner, base], integer),
    contractRead(accountBalanceAbi, accountBalance, 'getPnlAndPendingFee', [owner], integer),
    contractRead(accountBalanceAbi, accountBalance, 'getMarginRequirementForLiquidation', [owner], integer),
    contractRead(accountBalanceAbi, accountBalance, 'getMarkPrice', [base], integer),
    contractRead(accountBalanceAbi, accountBalance, 'getBaseTokens', [owner], addresses),
    contractRead(accountBalanceAbi, accountBalance, 'hasOrder', [owner], v.boolean()),
    contractRead(exchangeAbi, exchange, 'getPendingFundingPayment', [owner, base], integer),
    contractRead(vaultAbi, vault, 'getBalance', [owner], integer),
    contractRead(vaultAbi, vault, 'getAccountValue', [owner], integer),
    contractRead(vaultAbi, vault, 'getFreeCollateral', [owner], integer),
    contractRead(vaultAbi, vault, 'getCollateralTokens', [owner], addresses),
    contractRead(clearingHouseConfigAbi, clearingHouseConfig, 'getMmRatio', [], integer),
  ] as const;
}

async function readCollateral(
  { chain, collateralManager, vault }: PerpV2Market,
  owner: Address,
  collateral: PerpV2Collateral,
  signal: AbortSignal,
): Promise<PerpV2HeldCollateral> {
  const { address } = collateral.token;
  const { values } = await readContracts(
    chain,
    [
      contractRead(vaultAbi, vault, 'getBalanceByToken', [owner, address], v.bigint()),
      contractRead(collateralManagerAbi, collateralManager, 'getCollateralConfig', [address], collateralConfig),
    ],
    signal,
  );
  const [atoms, [, weight]] = values;
  return { ...collateral, atoms, weight: fromAtoms(PPM_DECIMALS, weight) };
}

/** Where margin and positions are those of one taker in one market, and its collateral is known. */
function priceOfLiquidation(account: Omit<PerpV2Account, 'liquidationPrice'>): DecimalString | undefined {
  const { collaterals, hasOtherMarkets, isMaker, openNotional, pendingFunding, sizeUnits, unlisted } = account;
  const { maintenanceRatio } = account;
  if (isMaker || hasOtherMarkets || unlisted.length > 0) return undefined;
  const weighted = collaterals.map(({ atoms, deltaPerUnit, token, valuePerUnit, weight }) => {
    const counted = new Decimal(fromAtoms(token, atoms)).times(weight);
    return { units: counted.times(deltaPerUnit), dollars: counted.times(valuePerUnit) };
  });
  const sum = (start: Decimal, parts: readonly Decimal[]): DecimalString =>
    parts.reduce((total, part) => total.plus(part), start).toFixed();
  return perpV2LiquidationPrice({
    sizeUnits,
    openNotional,
    settledMargin: sum(
      new Decimal(account.settledMargin).plus(pendingFunding),
      weighted.map(({ dollars }) => dollars),
    ),
    weightedUnits: sum(
      new Decimal(0),
      weighted.map(({ units }) => units),
    ),
    maintenanceRatio,
  });
}
