import type { InFlight } from '../exposure/assemble-exposure.js';
import { isLate } from '../execution/late-transfer.js';
import { fromAtoms } from '../model/decimal.js';
import { isTerminal } from '../model/transfer.js';
import { sameToken } from '../model/token.js';
import type { TransferRecord } from '../ports/journal.js';
import type { Portfolio, RebalancerPorts } from './portfolio.js';

/** Transfers that have not come to their end, and what else is under way: they widen the exposure and nothing else. */
export async function inFlightOf(
  portfolio: Portfolio,
  { inFlight, journal }: Pick<RebalancerPorts, 'inFlight' | 'journal'>,
): Promise<readonly InFlight[]> {
  return [...inFlightFrom(portfolio, await journal.transfers({ open: true })), ...((await inFlight?.()) ?? [])];
}

/** Bridges that owe a transfer for too long: nothing more is given to them. */
export async function lateBridges(
  { journal }: Pick<RebalancerPorts, 'journal'>,
  nowSeconds: number,
): Promise<ReadonlySet<string>> {
  const open = await journal.transfers({ open: true });
  return new Set(open.filter(({ transfer }) => isLate(transfer, nowSeconds)).map(({ transfer }) => transfer.adapter));
}

/** The same from transfers that were read already. */
export function inFlightFrom(
  { baseTokens }: Pick<Portfolio, 'baseTokens'>,
  transfers: readonly TransferRecord[],
): readonly InFlight[] {
  const open = transfers.filter(({ status }) => !isTerminal(status));
  return open.map(({ transfer }) => {
    const { input, output } = transfer.quote;
    const isBase = baseTokens.some((token) => sameToken(token, output.token));
    const amount = `${fromAtoms(input.token, input.atoms)} ${input.token.symbol}`;
    return Object.freeze({
      id: transfer.id,
      amount: output,
      deltaPerUnit: isBase ? '1' : '0',
      sentence: `${amount} from chain ${input.token.chainId} to chain ${output.token.chainId} through ${transfer.adapter}.`,
    });
  });
}
