import { bundlerClient } from './bundler.js';
import { entryPoint } from './entry-point.js';
import { userOperationHash } from './hash.js';
import type { UserOperation } from './user-operation.js';
import type { Fetch } from '../rpc/endpoint.js';

const POINT = entryPoint('0.8');
const OPERATION: UserOperation = Object.freeze({
  sender: '0x1111111111111111111111111111111111111111',
  nonce: 0n,
  callData: '0x',
  callGasLimit: 1n,
  verificationGasLimit: 1n,
  preVerificationGas: 1n,
  maxFeePerGasWei: 1n,
  maxPriorityFeePerGasWei: 1n,
  signature: '0x12',
});
const HASH = userOperationHash(OPERATION, POINT, 1);
const OTHER = `0x${'99'.repeat(32)}`;

/** A bundler that answers an operation with this hash; the rest is as it should be. */
const answering =
  (hash: string): Fetch =>
  (_, init) => {
    const { id, method } = JSON.parse(init?.body as string) as { id: number; method: string };
    const answers: Record<string, unknown> = { eth_chainId: '0x1', eth_supportedEntryPoints: [POINT.address] };
    const result = method === 'eth_sendUserOperation' ? hash : answers[method];
    return Promise.resolve(new Response(JSON.stringify({ jsonrpc: '2.0', id, result })));
  };
const sendBy = (hash: string): Promise<string> =>
  bundlerClient({ chainId: 1, urls: ['http://bundler.example'], fetch: answering(hash) }).send(OPERATION, POINT);

test('a bundler that names another operation than it was given contradicts itself', async () => {
  expect(await sendBy(HASH)).toBe(HASH);
  await expect(sendBy(OTHER)).rejects.toMatchObject({ code: 'RELAY_CONTRADICTS' });
});
