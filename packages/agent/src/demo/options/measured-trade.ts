import { type Address, Decimal, fromAtoms, sameAddress } from '@evenkeel/core';
import type { Movements } from './ledger.js';
import type { DerivativeChain } from './markets.js';

/** What a hedge trade really did, in numeraire and units, from its receipts. */
export interface MeasuredTrade {
  /** Signed change of the hedge. */
  readonly units: number;
  /** Lost against the spot of the decision: fees, impact, and the distance of the venue from the spot. */
  readonly tradingCost: number;
  /** Of the perpetual, settled by this trade; paid above zero. */
  readonly funding: number;
  /** Units of the underlying borrowed less those repaid. */
  readonly borrowedUnits: number;
  /** Dollars supplied to the lender less those withdrawn. */
  readonly suppliedDollars: number;
}

const WAD = { decimals: 18 } as const;
const wad = (atoms: bigint): number => Number(fromAtoms(WAD, atoms));

/** @param lenders the contracts that hold what is lent */
export function measureTrade(
  { tokens }: Pick<DerivativeChain, 'tokens'>,
  { funding, perps, transfers }: Movements,
  lenders: readonly Address[],
  spot: number,
): MeasuredTrade {
  const isLender = (address: Address): boolean => lenders.some((each) => sameAddress(each, address));
  const sum = (token: DerivativeChain['tokens']['WETH'], lent: boolean): number =>
    Number(
      transfers
        .filter((each) => sameAddress(each.token.address, token.address) && isLender(each.counterparty) === lent)
        .reduce((total, { atoms }) => total.plus(fromAtoms(token, atoms)), new Decimal(0)),
    );
  const [bought, received] = [sum(tokens.WETH, false), sum(tokens.USDC, false)];
  const perpUnits = perps.reduce((total, { size }) => total + wad(size), 0);
  const perpMoney = perps.reduce((total, { fee, notional }) => total + wad(notional - fee), 0);
  return Object.freeze({
    units: bought + perpUnits,
    tradingCost: -(received + perpMoney + (bought + perpUnits) * spot),
    funding: wad(funding),
    borrowedUnits: sum(tokens.WETH, true),
    suppliedDollars: -sum(tokens.USDC, true),
  });
}
