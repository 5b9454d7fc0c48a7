import type { RebalanceIntent } from '@evenkeel/intents';
import { type CallStep, type Step } from '../model/programme.js';
import { sameAddress, type TokenAmount } from '../model/token.js';
import type { Account } from '../ports/account.js';
import type { Flow } from '../ports/journal.js';
import { StepNotCoveredError } from './errors.js';

/**
 * Refuses a step that the signed intent does not speak of: another adapter, another chain or token, another account,
 * another recipient. How much it may spend is the guard's question, see {@link remainingSpend}. Steps that only take
 * allowances away or bring stranded funds home need no cover.
 *
 * @throws STEP_NOT_COVERED
 */
export function assertCovered(intent: RebalanceIntent, step: Step, account: Account | undefined): void {
  if (step.kind === 'await-transfer') {
    const to = step.quote.output.token.chainId;
    const limits = intent.spending.filter((limit) => limit.chainId === to);
    const ownAddress = account?.addressOn(to);
    const known = limits.some((limit) => sameAddress(limit.recipient, step.recipient));
    // A chain that the intent spends nothing on names no recipient: there it can only be the account itself.
    if (!known && (ownAddress === undefined || !sameAddress(ownAddress, step.recipient))) {
      throw new StepNotCoveredError(step.id, 'recipient', step.recipient, 'its transfer arrives at a stranger');
    }
    return;
  }
  if (account !== undefined) assertObeys(intent, step, account);
  if (step.role === 'revoke' || step.role === 'recover') return;
  if (!intent.adapters.includes(step.adapter)) {
    throw new StepNotCoveredError(step.id, 'adapter', step.adapter, `adapter ${step.adapter} is not admitted`);
  }
  const limits = intent.spending.filter((limit) => limit.chainId === step.chainId);
  if (limits.length === 0) {
    throw new StepNotCoveredError(step.id, 'chainId', step.chainId, `nothing may be spent on chain ${step.chainId}`);
  }
  for (const { token } of step.spends) {
    if (!limits.some((limit) => sameAddress(limit.token, token.address))) {
      throw new StepNotCoveredError(step.id, 'spends', token.address, `${token.symbol} may not be spent`);
    }
  }
}

function assertObeys(intent: RebalanceIntent, step: CallStep, account: Account): void {
  const own = account.addressOn(step.chainId);
  if (sameAddress(intent.signer, own) || sameAddress(intent.signer, account.owner)) return;
  throw new StepNotCoveredError(step.id, 'account', step.account, `${intent.signer} does not own account ${own}`);
}

/** Kinds that do not count against a limit: gas never does, and what a bridge brings is not what was spent there. */
const NOT_SPENDING: ReadonlySet<Flow['kind']> = new Set(['gas', 'l1-fee', 'bridge-in']);

/**
 * What the intent still lets be spent on a chain: its limits less the net outflow of everything that was done for it
 * before. A refund gives back what it brought.
 */
export function remainingSpend(
  intent: RebalanceIntent,
  chainId: number,
  flows: readonly Flow[],
  describe: (address: string) => TokenAmount['token'],
): readonly TokenAmount[] {
  return intent.spending
    .filter((limit) => limit.chainId === chainId)
    .map((limit) => {
      const net = flows
        .filter((flow) => flow.chainId === chainId && sameAddress(flow.token, limit.token))
        .filter((flow) => !NOT_SPENDING.has(flow.kind))
        .reduce((sum, flow) => sum + flow.atoms, 0n);
      const spent = net < 0n ? -net : 0n;
      const left = limit.maxSpend > spent ? limit.maxSpend - spent : 0n;
      return { token: describe(limit.token), atoms: left };
    });
}
