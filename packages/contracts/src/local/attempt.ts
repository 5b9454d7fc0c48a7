import { parseRefusal } from '../refusal.js';
import type { Address, Hex } from '../types.js';
import { execute, type LocalLog, type LocalNode, type LocalReceipt, tryCall } from './node.js';
import { entryPointAbi, handleOpsCalldata, type LocalOperation } from './operation.js';

/** What became of an operation that was handed to an entry point. */
export type Attempt =
  /** The bundle was refused: nothing happened, nobody paid. */
  | { readonly kind: 'refused'; readonly check: string }
  /** Included, and its calls reverted: gas was paid. */
  | { readonly kind: 'reverted'; readonly check: string; readonly receipt: LocalReceipt }
  | { readonly kind: 'done'; readonly receipt: LocalReceipt };

const parse = ({ data, topics }: LocalLog) => entryPointAbi.parseLog({ data, topics: [...topics] });

/** The name of the check in what an entry point reverts with: the module's own error, or the entry point's code. */
export function checkOf(data: Hex): string {
  const own = parseRefusal(data);
  if (own !== undefined) return own.check;
  try {
    const failure = entryPointAbi.parseError(data);
    if (failure === null) return `unknown ${data.slice(0, 10)}`;
    const inner = failure.name === 'FailedOpWithRevert' ? parseRefusal(failure.args['inner'] as Hex) : undefined;
    return inner?.check ?? String(failure.args['reason']).slice(0, 4);
  } catch {
    return `unknown ${data.slice(0, 10)}`;
  }
}

/** Has the entry point handle an operation for real, unless it says beforehand that it will not. */
export async function attempt(
  node: LocalNode,
  entryPoint: Address,
  operations: LocalOperation | readonly LocalOperation[],
  bundler: Address,
  beforeItIsMade?: () => Promise<void>,
): Promise<Attempt> {
  const list = 'sender' in operations ? [operations] : operations;
  const transaction = { from: bundler, to: entryPoint, data: handleOpsCalldata(list, bundler) };
  const foreseen = await tryCall(node, transaction);
  if (!foreseen.success) return { kind: 'refused', check: checkOf(foreseen.data) };
  await beforeItIsMade?.();
  return outcomeOf(await execute(node, transaction));
}

/** Reads the fate of the last operation of a bundle. */
export function outcomeOf(receipt: LocalReceipt): Attempt {
  if (!receipt.status) return { kind: 'refused', check: 'bundle reverted' };
  const events = receipt.logs.map(parse);
  const ended = events.filter((event) => event?.name === 'UserOperationEvent').at(-1);
  if (ended?.args['success'] === true) return { kind: 'done', receipt };
  const reverts = events.filter((event) => event?.name === 'UserOperationRevertReason');
  const reason = reverts.at(-1)?.args['revertReason'] as Hex | undefined;
  return { kind: 'reverted', check: reason === undefined ? 'out of gas' : checkOf(reason), receipt };
}
