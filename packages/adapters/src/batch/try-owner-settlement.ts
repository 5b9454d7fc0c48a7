import { type Address, type Call, type Chain, sameAddress, type StateOverride, type Token } from '@evenkeel/core';
import { pretendFunds } from '@evenkeel/core/guard';
import { EvenkeelError } from '@evenkeel/intents';
import { Interface } from 'ethers';
import { allowanceRead, balanceRead } from '../common/erc20.js';
import type { ContractRead } from '../common/read.js';
import type { RoutedMarket } from './chain-settlement.js';
import { type Played, type SettlementVerdict, verdictOf } from './find-culprits.js';
import { ownerCalls, type OwnerPlace, sidesOf } from './owner-settlement.js';

/**
 * Plays one operation of an owner's account on the latest state, before anything is sent. It is sound when it does not
 * revert, every account ends with exactly what its fill says, the owner's account with no less than what it keeps for the
 * others' gas, and no router is left with an allowance.
 *
 * Who spoils it is found as for a settlement contract: see `trySettlement`.
 *
 * @throws `RPC_*` when the node does not answer
 * @example
 * ```ts
 * const verdict = await tryOwnerSettlement(chain, { chainId, account, sender, atomic }, markets, signal);
 * ```
 */
export async function tryOwnerSettlement(
  chain: Chain,
  place: OwnerPlace,
  markets: readonly RoutedMarket[],
  signal?: AbortSignal,
): Promise<SettlementVerdict> {
  return verdictOf({
    parts: markets.flatMap((market) =>
      market.cleared.fills.map((fill) => ({
        orderId: fill.order.id,
        market: { ...market, cleared: { ...market.cleared, fills: [fill] }, route: [] },
      })),
    ),
    whole: () => play({ chain, place, markets, keeps: keptOf(markets), overrides: {}, signal }),
    empty: () => play({ chain, place, markets: [], keeps: [], overrides: {}, signal }),
    problemOf: (parts) => problemOf(chain, place, parts, signal),
  });
}

interface Trial {
  readonly chain: Chain;
  readonly place: OwnerPlace;
  readonly markets: readonly RoutedMarket[];
  /** The least that the owner's account gains, beside its own fills. */
  readonly keeps: readonly Change[];
  readonly overrides: Readonly<Record<Address, StateOverride>>;
  readonly signal: AbortSignal | undefined;
}

interface Change {
  readonly token: Token;
  readonly atoms: bigint;
}

async function problemOf(
  chain: Chain,
  place: OwnerPlace,
  markets: readonly RoutedMarket[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const sides = markets.flatMap((market) => market.cleared.fills.map((fill) => sidesOf(market, fill)));
  // It keeps what comes in, and pays out of what it is pretended to have.
  const keeps = sides.flatMap(({ given, taken }) => [given, { ...taken, atoms: -taken.atoms }]);
  try {
    const owed = sides.map(({ taken }) => taken);
    const overrides = await pretendFunds(chain, place.account, owed, signal);
    return (await play({ chain, place, markets, keeps, overrides, signal })).error;
  } catch (error) {
    if (error instanceof EvenkeelError && error.code === 'GUARD_FUNDS_UNPRETENDABLE') return error.message;
    throw error;
  }
}

/** Simulates the operation between two looks at every account's balances. */
async function play({ chain, keeps, markets, overrides, place, signal }: Trial): Promise<Played> {
  const calls = ownerCalls(markets, place.account);
  const expected = expectationsOf(markets, keeps, place.account);
  const looks = expected.map(({ holder, token }) => balanceRead(token, holder));
  const allowances = allowancesOf(calls, markets, place.account);
  const look = (reads: readonly ContractRead<bigint>[]) => reads.map(({ data, to }) => ({ to, data, valueWei: 0n }));
  const { data, to, valueWei } = place.atomic(calls);
  const all = [...look(looks), { to, data, valueWei }, ...look(looks), ...look(allowances)];
  const results = await chain.simulate({ from: place.sender, calls: all, overrides }, signal);
  const settled = results[looks.length]!;
  const failed = (error: string): Played => ({ error, gasUsed: 0n });
  if (!settled.success) return failed(`It fails in simulation: ${settled.error ?? 'without a reason'}.`);
  for (const [i, { atoms, exact, holder, token }] of expected.entries()) {
    const before = looks[i]!.decode(results[i]!, chain.id);
    const gained = looks[i]!.decode(results[looks.length + 1 + i]!, chain.id) - before;
    if (exact ? gained === atoms : gained >= atoms) continue;
    return failed(`${holder} ends with ${atoms - gained} atoms of ${token.symbol} less than it should.`);
  }
  for (const [i, read] of allowances.entries()) {
    const left = read.decode(results[2 * looks.length + 1 + i]!, chain.id);
    if (left > 0n) return failed(`A router is left with an allowance of ${left} atoms.`);
  }
  return { error: undefined, gasUsed: settled.gasUsed };
}

interface Expectation extends Change {
  readonly holder: Address;
  /** Whether more would be wrong as well. */
  readonly exact: boolean;
}

function expectationsOf(
  markets: readonly RoutedMarket[],
  keeps: readonly Change[],
  account: Address,
): readonly Expectation[] {
  const sums = new Map<string, Expectation>();
  const add = (holder: Address, { atoms, token }: Change, sign: 1n | -1n): void => {
    const key = `${holder.toLowerCase()} ${token.address.toLowerCase()}`;
    const exact = !sameAddress(holder, account);
    sums.set(key, { holder, token, exact, atoms: (sums.get(key)?.atoms ?? 0n) + sign * atoms });
  };
  for (const market of markets) {
    for (const fill of market.cleared.fills) {
      const { given, taken } = sidesOf(market, fill);
      add(fill.order.owner, given, -1n);
      add(fill.order.owner, taken, 1n);
    }
  }
  for (const each of keeps) add(account, each, 1n);
  return [...sums.values()];
}

/** What the gas is paid from, and what rounding leaves. */
function keptOf(markets: readonly RoutedMarket[]): readonly Change[] {
  return markets.flatMap(({ cleared, market }) => [
    { token: market.quote, atoms: cleared.fees.quoteAtoms + cleared.dustQuoteAtoms },
    { token: market.base, atoms: cleared.fees.baseAtoms },
  ]);
}

const erc20 = new Interface(['function approve(address spender, uint256 atoms)']);

/** Of whom the operation lets take something, how much it may still take. */
function allowancesOf(
  calls: readonly Call[],
  markets: readonly RoutedMarket[],
  account: Address,
): readonly ContractRead<bigint>[] {
  const tokens = markets.flatMap(({ market }) => [market.base, market.quote]);
  return calls.flatMap(({ data, to }) => {
    const token = tokens.find(({ address }) => sameAddress(address, to));
    const approval = erc20.parseTransaction({ data });
    if (token === undefined || approval === null) return [];
    return [allowanceRead(token, account, approval.args[0] as Address)];
  });
}
