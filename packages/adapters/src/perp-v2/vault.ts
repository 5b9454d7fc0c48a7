import { type Call, fromAtoms, type Hex, type Token } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { Interface } from 'ethers';
import * as v from 'valibot';
import { approveCalls, balanceRead } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { contractRead, readContracts } from '../common/read.js';
import { clearingHouseConfigAbi } from './abi.js';
import { PerpVaultFullError } from './errors.js';
import type { PerpV2Market } from './market.js';

const vaultCallsAbi = new Interface([
  'function deposit(address token, uint256 amount)',
  'function withdraw(address token, uint256 amount)',
  'function withdrawAll(address token) returns (uint256)',
]);

/**
 * Puts margin into the vault: an exact approval and the deposit. The vault has a cap for all depositors together and
 * reverts above it (`V_GTSTBC`).
 *
 * @param atoms of the settlement token
 * @throws {InvalidInputError} for an amount that is none
 * @example
 * ```ts
 * const calls = perpV2Deposit(market, 1_000_000_000n) // 1,000 USDC
 * ```
 */
export function perpV2Deposit(market: PerpV2Market, atoms: bigint): readonly Call[] {
  const token = positive(market, atoms);
  const data = vaultCallsAbi.encodeFunctionData('deposit', [token.address, atoms]);
  return deepFreeze([
    ...approveCalls(token, market.vault, atoms, false),
    vaultCall(market, data, `deposit ${fromAtoms(token, atoms)} ${token.symbol} as margin`),
  ]);
}

/**
 * Takes margin out of the vault. What carries a position stays there: more than the free collateral reverts
 * (`V_NEFC`).
 *
 * @param atoms of the settlement token, or all that is free to go
 * @throws {InvalidInputError} for an amount that is none
 * @example
 * ```ts
 * const [call] = perpV2Withdrawal(market, 'all')
 * ```
 */
export function perpV2Withdrawal(market: PerpV2Market, atoms: bigint | 'all'): readonly Call[] {
  const { settlementToken: token } = market;
  if (atoms === 'all') {
    const data = vaultCallsAbi.encodeFunctionData('withdrawAll', [token.address]);
    return deepFreeze([vaultCall(market, data, `withdraw all ${token.symbol} that is free`)]);
  }
  positive(market, atoms);
  const data = vaultCallsAbi.encodeFunctionData('withdraw', [token.address, atoms]);
  return deepFreeze([vaultCall(market, data, `withdraw ${fromAtoms(token, atoms)} ${token.symbol} of margin`)]);
}

function vaultCall({ chain, vault }: PerpV2Market, data: string, what: string): Call {
  const description = `${what} on Perp v2`;
  return { chainId: chain.id, to: vault, data: data as Hex, valueWei: 0n, purpose: 'action', description };
}

function positive({ settlementToken }: PerpV2Market, atoms: bigint): Token {
  if (atoms > 0n) return settlementToken;
  throw new InvalidInputError('atoms', atoms, 'is not above zero', 'Give atoms of the settlement token.');
}

/**
 * How much more the vault takes, of all depositors together, in atoms of the settlement token.
 *
 * @throws {ContractUnreadableError} and what the chain throws
 */
export async function perpV2DepositRoom(market: PerpV2Market, signal: AbortSignal): Promise<bigint> {
  const { chain, clearingHouseConfig, settlementToken, vault } = market;
  const { values } = await readContracts(
    chain,
    [
      contractRead(clearingHouseConfigAbi, clearingHouseConfig, 'getSettlementTokenBalanceCap', [], v.bigint()),
      balanceRead(settlementToken, vault),
    ],
    signal,
  );
  const [cap, held] = values;
  return cap > held ? cap - held : 0n;
}

/**
 * {@link perpV2Deposit}, after a look at what the vault takes.
 *
 * @throws {PerpVaultFullError} where it takes less; {@link InvalidInputError} and what the chain throws
 * @example
 * ```ts
 * const calls = await planPerpV2Deposit(market, 1_000_000_000n, signal)
 * ```
 */
export async function planPerpV2Deposit(
  market: PerpV2Market,
  atoms: bigint,
  signal: AbortSignal,
): Promise<readonly Call[]> {
  const calls = perpV2Deposit(market, atoms);
  const room = await perpV2DepositRoom(market, signal);
  if (room >= atoms) return calls;
  const { settlementToken: token } = market;
  throw new PerpVaultFullError(token.symbol, fromAtoms(token, atoms), fromAtoms(token, room));
}
