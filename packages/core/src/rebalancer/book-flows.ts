import type { Token } from '../model/token.js';
import type { Flow, TransferRecord } from '../ports/journal.js';
import type { Flow as BookedFlow, FlowKind as BookedKind } from '../report/reconcile.js';

/** The journal's flows, as read from receipts, under the names of the books. Nothing is netted or derived. */
export function bookFlows(
  flows: readonly Flow[],
  describe: (chainId: number, address: string) => Token,
): readonly BookedFlow[] {
  return flows.map((flow) =>
    Object.freeze({
      id: `${flow.chainId}:${flow.txHash}:${flow.part}`,
      kind: bookedKind(flow),
      token: describe(flow.chainId, flow.token),
      atoms: flow.atoms,
      txHash: flow.txHash,
    }),
  );
}

/** What transfers that are under way are to bring at the least, as if it were there: it is no cost. */
export function expectedArrivals(underWay: readonly TransferRecord[]): readonly BookedFlow[] {
  return underWay.map(({ transfer: { id, originTxHash, quote } }) => ({
    id,
    kind: 'bridge-received',
    token: quote.output.token,
    atoms: quote.minReceived,
    txHash: originTxHash,
  }));
}

function bookedKind({ atoms, kind }: Flow): BookedKind {
  switch (kind) {
    case 'swap':
      return atoms < 0n ? 'swap-in' : 'swap-out';
    case 'bridge-out':
      // A bridge that gives change back gives a refund.
      return atoms < 0n ? 'bridge-sent' : 'refund';
    case 'bridge-in':
      return 'bridge-received';
    case 'bridge-refund':
      return 'refund';
    case 'value':
      return 'message-fee';
    case 'gas':
    case 'l1-fee':
      return 'gas';
    case 'wrap':
    case 'other':
      return 'transfer';
  }
}
