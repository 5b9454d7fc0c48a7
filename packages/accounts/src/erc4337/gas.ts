import type { OperationGas } from './bundler.js';
import { OperationGasAbsurdError } from './errors.js';

/** How much is asked for beyond an estimate, and from where on an estimate is taken for a lie. Units of gas. */
export interface GasSafety {
  /** On top of what the bundler says of verification and the paymaster. Default: 2,500. */
  readonly marginBps?: number;
  /** Paid to the bundler in full, used or not. Default: 2,000,000: rollups bill their data in it. */
  readonly maxPreVerificationGas?: bigint;
  /** Default: 3,000,000. */
  readonly maxVerificationGas?: bigint;
  /** Default: 30,000,000. */
  readonly maxCallGas?: bigint;
}

const DEFAULTS = Object.freeze({
  marginBps: 2_500,
  maxPreVerificationGas: 2_000_000n,
  maxVerificationGas: 3_000_000n,
  maxCallGas: 30_000_000n,
});

/**
 * The limits of an operation from a bundler's estimate and from our own simulation of its calls: of the two the larger,
 * for what the one does not see, the other may. Cost of a limit that is not used: a tenth of what is left of the call
 * gas (EntryPoint.sol, penalty), and nothing of the rest but of preVerificationGas.
 *
 * @param simulatedCallGas with the caller's own margin
 * @throws OPERATION_GAS_ABSURD
 */
export function operationGas(
  estimate: OperationGas,
  simulatedCallGas: bigint,
  safety: GasSafety = {},
): Required<{ readonly [K in keyof OperationGas]: bigint }> {
  const { marginBps, maxCallGas, maxPreVerificationGas, maxVerificationGas } = { ...DEFAULTS, ...safety };
  const raised = (units: bigint | undefined): bigint => {
    const given = units ?? 0n;
    return given + (given * BigInt(marginBps) + 9_999n) / 10_000n;
  };
  const within = (field: keyof OperationGas, units: bigint, limit: bigint): bigint => {
    if (units > limit) throw new OperationGasAbsurdError(field, units, limit);
    return units;
  };
  const { callGasLimit: claimed } = estimate;
  const callGasLimit = claimed > simulatedCallGas ? claimed : simulatedCallGas;
  // A tenth more: the price of getting in after the bundler's own fee rules have moved.
  const preVerificationGas = estimate.preVerificationGas + (estimate.preVerificationGas + 9n) / 10n;
  return Object.freeze({
    preVerificationGas: within('preVerificationGas', preVerificationGas, maxPreVerificationGas),
    verificationGasLimit: within('verificationGasLimit', raised(estimate.verificationGasLimit), maxVerificationGas),
    callGasLimit: within('callGasLimit', callGasLimit, maxCallGas),
    paymasterVerificationGasLimit: within(
      'paymasterVerificationGasLimit',
      raised(estimate.paymasterVerificationGasLimit),
      maxVerificationGas,
    ),
    paymasterPostOpGasLimit: within(
      'paymasterPostOpGasLimit',
      raised(estimate.paymasterPostOpGasLimit),
      maxVerificationGas,
    ),
  });
}
