import { refusalError } from './refusal.js';

test.each([
  ['AA10 sender already constructed', undefined, 'OPERATION_INVALID'],
  ['AA20 account not deployed', undefined, 'ACCOUNT_NOT_DEPLOYED'],
  ['FailedOp(0, "AA21 didn\'t pay prefund")', -32_500, 'OPERATION_UNFUNDED'],
  ['AA22 expired or not due', -32_503, 'OPERATION_EXPIRED'],
  ['AA23 reverted', -32_500, 'OPERATION_INVALID'],
  ['AA24 signature error', -32_507, 'OPERATION_SIGNATURE_REFUSED'],
  ['AA25 invalid account nonce', -32_500, 'OPERATION_NONCE_USED'],
  ['AA26 over verificationGasLimit', -32_500, 'OPERATION_GAS_TOO_LOW'],
  ['AA31 paymaster deposit too low', -32_501, 'PAYMASTER_UNFUNDED'],
  ['AA33 reverted', -32_501, 'PAYMASTER_REFUSED'],
  ['AA50 postOp reverted', -32_501, 'PAYMASTER_REFUSED'],
  ['AA51 prefund below actualGasCost', -32_500, 'OPERATION_GAS_TOO_LOW'],
  ['replacement underpriced', -32_602, 'OPERATION_UNDERPRICED'],
  ['maxFeePerGas must be at least 1000', -32_602, 'OPERATION_UNDERPRICED'],
  ['no', -32_501, 'PAYMASTER_REFUSED'],
  ['uses a forbidden opcode', -32_502, 'OPERATION_INVALID'],
  ['execution reverted', -32_521, 'OPERATION_REVERTS'],
] as const)('"%s" (%s) is %s', (message, rpcCode, code) => {
  expect(refusalError({ message, ...(rpcCode !== undefined && { rpcCode }) })).toMatchObject({ code });
});

test('what has no name stays what it is', () => {
  expect(refusalError({ message: 'AA99 something new', rpcCode: -32_000 })).toBeUndefined();
  expect(refusalError({ message: 'internal error' })).toBeUndefined();
});
