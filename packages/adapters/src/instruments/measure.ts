import {
  type Address,
  Decimal,
  fromAtoms,
  type LogEntry,
  sameAddress,
  type Token,
  type TradeMeasure,
} from '@evenkeel/core';
import { Interface, type LogDescription } from 'ethers';

const ERC20 = new Interface(['event Transfer(address indexed from, address indexed to, uint256 value)']);

/** An event of a contract as its interface knows it; null for others. */
export function eventIn(abi: Interface, { data, topics }: LogEntry): LogDescription | null {
  try {
    return abi.parseLog({ data, topics: [...topics] });
  } catch {
    // The same first topic with other indexed fields, as ERC-721 has it.
    return null;
  }
}

/** What came to an account of a token, less what left it. Atoms. */
export function transferredTo(owner: Address, { address }: Token, logs: readonly LogEntry[]): bigint {
  return logs.reduce((sum, log) => {
    if (!sameAddress(log.address, address)) return sum;
    const event = eventIn(ERC20, log);
    if (event === null) return sum;
    const [from, to, value] = event.args as unknown as readonly [Address, Address, bigint];
    return sum + (sameAddress(to, owner) ? value : 0n) - (sameAddress(from, owner) ? value : 0n);
  }, 0n);
}

/** A trade of the token itself: what the wallet got of it, and what it paid. */
export function measureTokens(
  owner: Address,
  { numeraire, underlying }: { readonly numeraire: Token; readonly underlying: Token },
  logs: readonly LogEntry[],
): TradeMeasure {
  return Object.freeze({
    units: fromAtoms(underlying, transferredTo(owner, underlying, logs)),
    proceeds: fromAtoms(numeraire, transferredTo(owner, numeraire, logs)),
    fees: '0',
    funding: '0',
  });
}

/** The sum of what events say, as a decimal with 18 places. */
export function wadSum(values: readonly bigint[]): string {
  const sum = values.reduce((total, each) => total + each, 0n);
  return new Decimal(sum.toString()).shiftedBy(-18).toFixed();
}
