import type { EvenkeelError } from '@evenkeel/intents';
import {
  AccountNotDeployedError,
  OperationExpiredError,
  OperationGasTooLowError,
  OperationInvalidError,
  OperationNonceUsedError,
  OperationRevertsError,
  OperationSignatureRefusedError,
  OperationUnderpricedError,
  OperationUnfundedError,
  PaymasterRefusedError,
  PaymasterUnfundedError,
  type Refusal,
} from './errors.js';

type RefusalClass = new (said: Refusal) => EvenkeelError;

/** By the codes of EntryPoint.sol. */
const BY_AA_CODE: Readonly<Record<string, RefusalClass | undefined>> = Object.freeze({
  AA10: OperationInvalidError,
  AA13: OperationInvalidError,
  AA14: OperationInvalidError,
  AA15: OperationInvalidError,
  AA21: OperationUnfundedError,
  AA22: OperationExpiredError,
  AA23: OperationInvalidError,
  AA24: OperationSignatureRefusedError,
  AA25: OperationNonceUsedError,
  AA26: OperationGasTooLowError,
  AA30: PaymasterRefusedError,
  AA31: PaymasterUnfundedError,
  AA32: OperationExpiredError,
  AA33: PaymasterRefusedError,
  AA34: PaymasterRefusedError,
  AA35: PaymasterRefusedError,
  AA36: OperationGasTooLowError,
  AA40: OperationGasTooLowError,
  AA41: OperationGasTooLowError,
  AA50: PaymasterRefusedError,
  AA51: OperationGasTooLowError,
  AA95: OperationGasTooLowError,
});

/** By the codes of ERC-7769, section "Error codes". */
const BY_RPC_CODE: Readonly<Record<number, RefusalClass | undefined>> = Object.freeze({
  [-32_501]: PaymasterRefusedError,
  [-32_502]: OperationInvalidError,
  [-32_503]: OperationExpiredError,
  [-32_504]: PaymasterRefusedError,
  [-32_507]: OperationSignatureRefusedError,
  [-32_521]: OperationRevertsError,
});

const UNDERPRICED = /underpriced|fee.{0,20}too low|fee.{0,30}must be at least/i;

/** What a refusal means; undefined when it is none that has a name. */
export function refusalError(said: Refusal): EvenkeelError | undefined {
  const aaCode = said.aaCode ?? /\bAA\d\d\b/.exec(said.message)?.[0];
  if (aaCode === 'AA20') return new AccountNotDeployedError('The account');
  const named =
    (aaCode === undefined ? undefined : BY_AA_CODE[aaCode]) ??
    (UNDERPRICED.test(said.message) ? OperationUnderpricedError : undefined) ??
    (said.rpcCode === undefined ? undefined : BY_RPC_CODE[said.rpcCode]);
  return named === undefined ? undefined : new named(aaCode === undefined ? said : { ...said, aaCode });
}
