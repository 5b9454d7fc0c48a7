import { fromAtoms, type LogEntry, sameAddress, type Token, type TradeFill, type TradeMeasure } from '@evenkeel/core';
import { Interface } from 'ethers';
import { eventIn, transferredTo } from '../instruments/measure.js';

const loanEvents = new Interface([
  'event Supply(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint16 indexed referralCode)',
  'event Withdraw(address indexed reserve, address indexed user, address indexed to, uint256 amount)',
  'event Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint8 interestRateMode, uint256 borrowRate, uint16 indexed referralCode)',
  'event Repay(address indexed reserve, address indexed user, address indexed repayer, uint256 amount, bool useATokens)',
]);
/** What brings tokens into a wallet without being a trade, and what takes them away. */
const SIGNS: Readonly<Record<string, bigint>> = { Borrow: 1n, Withdraw: 1n, Repay: -1n, Supply: -1n };

/** What the sale or purchase between the steps of a loan brought: all that moved, less what the loan itself moved. */
export function measureShort(
  {
    numeraire,
    pool,
    underlying,
  }: { readonly pool: TradeFill['owner']; readonly underlying: Token; readonly numeraire: Token },
  { owner }: Pick<TradeFill, 'owner'>,
  logs: readonly LogEntry[],
): TradeMeasure {
  const events = logs
    .filter(({ address }) => sameAddress(address, pool))
    .flatMap((log) => eventIn(loanEvents, log) ?? []);
  const traded = (token: Token): string => {
    const lent = events
      .filter(({ args }) => sameAddress(args['reserve'] as typeof owner, token.address))
      .reduce((sum, { args, name }) => sum + (SIGNS[name] ?? 0n) * (args['amount'] as bigint), 0n);
    return fromAtoms(token, transferredTo(owner, token, logs) - lent);
  };
  return Object.freeze({ units: traded(underlying), proceeds: traded(numeraire), fees: '0', funding: '0' });
}
