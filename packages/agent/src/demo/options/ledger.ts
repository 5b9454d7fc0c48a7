import { type Address, type LogEntry, NATIVE_ADDRESS, type Receipt, sameAddress, type Token } from '@evenkeel/core';
import type { BookedFlow } from '@evenkeel/core/report';
import { Interface } from 'ethers';

const ERC20 = new Interface(['event Transfer(address indexed from, address indexed to, uint256 value)']);
const PERP = new Interface([
  'event PositionChanged(address indexed trader, address indexed baseToken, int256 size, int256 notional, uint256 fee, int256 openNotional, int256 realizedPnl, uint256 sqrtPriceAfterX96)',
  'event FundingPaymentSettled(address indexed trader, address indexed baseToken, int256 fundingPayment)',
]);

/** A token that came to the owner or left, as its own contract says. */
export interface Movement {
  readonly token: Token;
  /** Signed: what left is negative. */
  readonly atoms: bigint;
  readonly counterparty: Address;
}

/** What a batch of receipts did to the owner, read from their logs alone. */
export interface Movements {
  readonly transfers: readonly Movement[];
  /** Perpetuals: signed size and money without the fee, and fee; dollars and units with 18 decimals. */
  readonly perps: readonly { readonly size: bigint; readonly notional: bigint; readonly fee: bigint }[];
  /** Paid above zero, 18 decimals. */
  readonly funding: bigint;
  readonly gasWei: bigint;
}

export interface Ledger {
  /** Books receipts of one chain. */
  book(chainId: number, receipts: readonly Receipt[]): Movements;
  flows(): readonly BookedFlow[];
}

/**
 * Records every flow of an owner's wallets from receipts: transfers of the tokens that it may hold, and gas. Nothing is
 * worked out from balances.
 *
 * @param tokens of all chains
 */
export function createLedger(owner: Address, tokens: readonly Token[]): Ledger {
  const flows: BookedFlow[] = [];
  return {
    flows: () => Object.freeze([...flows]),
    book: (chainId, receipts) => {
      const own = tokens.filter((token) => token.chainId === chainId);
      const transfers: Movement[] = [];
      for (const { effectiveGasPriceWei, gasUsed, l1FeeWei, logs, txHash } of receipts) {
        const gas = gasUsed * effectiveGasPriceWei + l1FeeWei;
        flows.push({ id: `${txHash}:gas`, kind: 'gas', token: nativeOn(chainId), atoms: -gas, txHash });
        for (const [index, log] of logs.entries()) {
          const movement = movementIn(log, owner, own);
          if (movement === undefined) continue;
          transfers.push(movement);
          const id = `${txHash}:${index}`;
          flows.push({ id, kind: 'transfer', token: movement.token, atoms: movement.atoms, txHash });
        }
      }
      const logs = receipts.flatMap((receipt) => receipt.logs);
      return {
        transfers,
        perps: perpsIn(logs, owner),
        funding: fundingIn(logs, owner),
        gasWei: receipts.reduce((sum, each) => sum + each.gasUsed * each.effectiveGasPriceWei + each.l1FeeWei, 0n),
      };
    },
  };
}

export function nativeOn(chainId: number): Token {
  return { chainId, address: NATIVE_ADDRESS, symbol: 'ETH', decimals: 18 };
}

function movementIn(log: LogEntry, owner: Address, tokens: readonly Token[]): Movement | undefined {
  const token = tokens.find(({ address }) => sameAddress(address, log.address));
  const parsed = token && parse(ERC20, log);
  if (parsed?.name !== 'Transfer') return undefined;
  const [from, to, value] = parsed.args as unknown as readonly [Address, Address, bigint];
  const [leaves, comes] = [sameAddress(from, owner), sameAddress(to, owner)];
  if (leaves === comes) return undefined;
  return { token: token!, atoms: leaves ? -value : value, counterparty: leaves ? to : from };
}

function perpsIn(logs: readonly LogEntry[], owner: Address): Movements['perps'] {
  return logs.flatMap((log) => {
    const parsed = parse(PERP, log);
    if (parsed?.name !== 'PositionChanged') return [];
    const [trader, , size, notional, fee] = parsed.args as unknown as readonly [
      Address,
      Address,
      bigint,
      bigint,
      bigint,
    ];
    return sameAddress(trader, owner) ? [{ size, notional, fee }] : [];
  });
}

function fundingIn(logs: readonly LogEntry[], owner: Address): bigint {
  return logs.reduce((sum, log) => {
    const parsed = parse(PERP, log);
    if (parsed?.name !== 'FundingPaymentSettled') return sum;
    const [trader, , paid] = parsed.args as unknown as readonly [Address, Address, bigint];
    return sameAddress(trader, owner) ? sum + paid : sum;
  }, 0n);
}

function parse(abi: Interface, { data, topics }: LogEntry) {
  try {
    return abi.parseLog({ data, topics: topics });
  } catch {
    // The same first topic with other indexed fields, as ERC-721 has it.
    return null;
  }
}
