import { DEPOSIT_TOPIC, TRANSFER_TOPIC, WITHDRAWAL_TOPIC } from '../guard/token-calls.js';
import type { StepRole } from '../model/programme.js';
import { type Address, type Hex, NATIVE_ADDRESS, sameAddress, type TokenAmount } from '../model/token.js';
import type { LogEntry, Receipt } from '../ports/chain.js';
import type { Flow, FlowKind, StepKey } from '../ports/journal.js';

/** What a receipt is read for. */
export interface FlowContext {
  readonly key: StepKey;
  readonly chainId: number;
  readonly holder: Address;
  /** Contracts whose logs are believed: the tokens of the portfolio on this chain. */
  readonly tokens: readonly Address[];
  /** Name for token movements. */
  readonly kind: FlowKind;
}

export function flowKindOf(role: StepRole): FlowKind {
  switch (role) {
    case 'swap':
      return 'swap';
    case 'bridge':
      return 'bridge-out';
    case 'recover':
      return 'bridge-refund';
    case 'approve':
    case 'revoke':
      return 'other';
  }
}

/** Everything that a transaction of our own moved: tokens, value and gas. A reverted one moved gas alone. */
export function flowsOfTransaction(context: FlowContext, receipt: Receipt, valueWei: bigint): readonly Flow[] {
  const suffix = receipt.operation === undefined ? '' : `:${receipt.operation}`;
  const native = (part: string, kind: FlowKind, atoms: bigint): Flow[] =>
    atoms === 0n ? [] : [flow(context, receipt.txHash, `${part}${suffix}`, NATIVE_ADDRESS, atoms, kind)];
  return Object.freeze([
    ...(receipt.success ? flowsOfLogs(context, receipt) : []),
    ...native('value', 'value', receipt.success ? -valueWei : 0n),
    ...native('gas', 'gas', -(receipt.gasUsed * receipt.effectiveGasPriceWei)),
    ...native('l1-fee', 'l1-fee', -receipt.l1FeeWei),
  ]);
}

/** What a transaction of somebody else (a relayer, a bridge) brought to the holder, by the tokens' own logs. */
export function flowsOfLogs(context: FlowContext, receipt: Receipt): readonly Flow[] {
  return receipt.logs.flatMap((log, index) => flowsOfLog(context, receipt.txHash, log, index));
}

/** Native coin leaves no log: what the bridge says is what is recorded, and the reconciliation is what checks it. */
export function nativeArrival(context: FlowContext, txHash: Hex, received: TokenAmount): Flow {
  return flow(context, txHash, 'native', NATIVE_ADDRESS, received.atoms, context.kind);
}

function flowsOfLog(context: FlowContext, txHash: Hex, log: LogEntry, index: number): Flow[] {
  const token = context.tokens.find((each) => sameAddress(each, log.address));
  const [topic, first, second] = log.topics;
  if (token === undefined || topic === undefined || !/^0x[0-9a-fA-F]{64}/.test(log.data)) return [];
  const atoms = BigInt(log.data.slice(0, 66));
  const part = `log:${index}`;
  const isHolder = (indexed: Hex | undefined): boolean =>
    indexed !== undefined && sameAddress(`0x${indexed.slice(-40)}`, context.holder);

  if (sameAddress(topic, TRANSFER_TOPIC)) {
    const net = (isHolder(second) ? atoms : 0n) - (isHolder(first) ? atoms : 0n);
    return net === 0n ? [] : [flow(context, txHash, part, token, net, context.kind)];
  }
  // WETH9 mints and burns without a Transfer.
  if (sameAddress(topic, DEPOSIT_TOPIC) && isHolder(first)) {
    return [flow(context, txHash, part, token, atoms, 'wrap')];
  }
  if (sameAddress(topic, WITHDRAWAL_TOPIC) && isHolder(first)) {
    return [
      flow(context, txHash, part, token, -atoms, 'wrap'),
      flow(context, txHash, `${part}:native`, NATIVE_ADDRESS, atoms, 'wrap'),
    ];
  }
  return [];
}

function flow(
  { key, chainId }: FlowContext,
  txHash: Hex,
  part: string,
  token: Address,
  atoms: bigint,
  kind: FlowKind,
): Flow {
  const { intentId, slice, step } = key;
  return Object.freeze({ intentId, slice, step, chainId, token, atoms, kind, txHash, part });
}
