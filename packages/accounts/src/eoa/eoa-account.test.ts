import { getAddress, Transaction, verifyTypedData, Wallet } from 'ethers';
import { AccountCannotBatchError } from '@evenkeel/core/execution';
import { type Call } from '@evenkeel/core';
import { SignerAlteredError, SignerFailedError } from './errors.js';
import { eoaAccount } from './eoa-account.js';
import type { EoaSigner } from './signer.js';

const KEY = `0x${'4c'.repeat(32)}`;
const wallet = new Wallet(KEY);
const call: Call = {
  chainId: 31_337,
  to: '0x00000000000000000000000000000000000000aA',
  data: '0x12345678',
  valueWei: 3n,
  purpose: 'action',
  description: 'call',
};
const request = {
  chainId: 31_337,
  calls: [call],
  nonceKey: 0n,
  nonce: 7n,
  gasLimit: 50_000n,
  maxFeePerGasWei: 20n,
  maxPriorityFeePerGasWei: 2n,
};
const signerWith = (change: Partial<EoaSigner>): EoaSigner => ({
  address: wallet.address,
  signTransaction: (transaction) => wallet.signTransaction(transaction),
  signTypedData: (domain, types, value) => wallet.signTypedData(domain, types, value),
  ...change,
});

test('signs exactly what it is asked for, and says by which hash it will be known', async () => {
  const { raw, hash } = await eoaAccount(wallet).sign(request);
  const signed = Transaction.from(raw);
  expect(signed).toMatchObject({ type: 2, nonce: 7, gasLimit: 50_000n, maxFeePerGas: 20n, maxPriorityFeePerGas: 2n });
  expect(signed).toMatchObject({
    chainId: 31_337n,
    to: getAddress(call.to.toLowerCase()),
    data: call.data,
    value: 3n,
    from: wallet.address,
  });
  expect(hash).toBe(signed.hash);
});

test('no calls make a transfer of nothing to itself', async () => {
  const { raw } = await eoaAccount(wallet).sign({ ...request, calls: [] });
  expect(Transaction.from(raw)).toMatchObject({ to: wallet.address, data: '0x', value: 0n, nonce: 7 });
});

test('signs typed data as its own address', async () => {
  const domain = { name: 'Test', chainId: 1 };
  const types = { Note: [{ name: 'text', type: 'string' }] };
  const signature = await eoaAccount(wallet).signTypedData({ domain, types, message: { text: 'hello' } });
  expect(verifyTypedData(domain, { Note: [...types.Note] }, { text: 'hello' }, signature)).toBe(wallet.address);
});

test('is one account with one counter on every chain', () => {
  const account = eoaAccount(wallet, { id: 'hot' });
  expect(account).toMatchObject({ id: 'hot', kind: 'eoa', owner: wallet.address, nonceLayout: { kind: 'sequential' } });
  expect([1, 10, 137].map((chainId) => account.addressOn(chainId))).toEqual(Array(3).fill(wallet.address));
  expect(Object.isFrozen(account)).toBe(true);
});

test('refuses what it cannot do', async () => {
  const account = eoaAccount(wallet);
  await expect(account.sign({ ...request, calls: [call, call] })).rejects.toThrow(AccountCannotBatchError);
  await expect(account.sign({ ...request, nonceKey: 1n })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(account.sign(request, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  expect(() => eoaAccount(signerWith({ address: 'me' }))).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});

test.each([
  ['nonce', { nonce: 8 }],
  ['to', { to: '0x00000000000000000000000000000000000000bb' }],
  ['value', { value: 4n }],
  ['data', { data: '0x' }],
  ['maxFeePerGas', { maxFeePerGas: 21n }],
  ['chainId', { chainId: 1 }],
])('finds out when the signer changes the %s', async (field, change) => {
  const signer = signerWith({
    signTransaction: (transaction) => wallet.signTransaction({ ...transaction, ...change }),
  });
  await expect(eoaAccount(signer).sign(request)).rejects.toMatchObject({ code: 'SIGNER_ALTERED', field });
});

test('finds out when another key signs, or nothing is signed at all', async () => {
  const other = new Wallet(`0x${'5d'.repeat(32)}`);
  const stranger = signerWith({ signTransaction: (transaction) => other.signTransaction(transaction) });
  await expect(eoaAccount(stranger).sign(request)).rejects.toMatchObject({ code: 'SIGNER_ALTERED', field: 'from' });
  const garbage = signerWith({ signTransaction: async () => 'signed!' });
  await expect(eoaAccount(garbage).sign(request)).rejects.toThrow(SignerAlteredError);
});

test('a signer that throws tells nothing but its code: what it says may hold the key', async () => {
  const leaking = signerWith({
    signTransaction: async () => {
      throw Object.assign(new Error(`cannot sign with ${KEY}`), { code: 'ACTION_REJECTED', key: KEY });
    },
  });
  const error: unknown = await eoaAccount(leaking)
    .sign(request)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SignerFailedError);
  const { inspect } = await import('node:util');
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(KEY.slice(2));
  expect((error as SignerFailedError).message).toContain('ACTION_REJECTED');
});
