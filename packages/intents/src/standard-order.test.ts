import { recoverAddress } from 'ethers/transaction';
import fc from 'fast-check';
import { encodeAbiParameters, encodePacked, hashStruct, hashTypedData, keccak256 } from 'viem';
import { addresses, standardOrders, wallet } from '../test/arbitraries.js';
import { InvalidInputError } from './errors.js';
import type { Hex } from './intent.js';
import {
  bareSignature,
  PERMIT2_ADDRESS,
  PERMIT2_WITNESS_TYPE_STRING,
  permit2TypedData,
  permit2WitnessHash,
  signStandardOrder,
} from './permit2-witness.js';
import {
  addressToBytes32,
  decodeStandardOrder,
  encodeStandardOrder,
  parseStandardOrder,
  type StandardOrder,
  standardOrderId,
} from './standard-order.js';

const outputComponents = [
  { name: 'oracle', type: 'bytes32' },
  { name: 'settler', type: 'bytes32' },
  { name: 'chainId', type: 'uint256' },
  { name: 'token', type: 'bytes32' },
  { name: 'amount', type: 'uint256' },
  { name: 'recipient', type: 'bytes32' },
  { name: 'callbackData', type: 'bytes' },
  { name: 'context', type: 'bytes' },
] as const;
const orderComponents = [
  { name: 'user', type: 'address' },
  { name: 'nonce', type: 'uint256' },
  { name: 'originChainId', type: 'uint256' },
  { name: 'expires', type: 'uint32' },
  { name: 'fillDeadline', type: 'uint32' },
  { name: 'inputOracle', type: 'address' },
  { name: 'inputs', type: 'uint256[2][]' },
  { name: 'outputs', type: 'tuple[]', components: outputComponents },
] as const;

/** The order in the plain shape of the Solidity struct, for another ABI encoder. */
function solidity(order: StandardOrder) {
  return {
    ...order,
    originChainId: BigInt(order.originChainId),
    inputs: order.inputs.map(({ token, amount }) => [BigInt(token), amount] as const),
    outputs: order.outputs.map((output) => ({ ...output, chainId: BigInt(output.chainId) })),
  };
}

test('an encoded order reads back, and is what another encoder writes', () => {
  fc.assert(
    fc.property(standardOrders, (order) => {
      const encoded = encodeStandardOrder(order);
      expect(decodeStandardOrder(encoded)).toEqual(order);
      expect(encoded).toBe(encodeAbiParameters([{ type: 'tuple', components: orderComponents }], [solidity(order)]));
    }),
  );
});

test('the id is the settler’s: packed fields, hashed inputs, encoded outputs', () => {
  fc.assert(
    fc.property(standardOrders, addresses, (order, settler) => {
      const { inputs, outputs } = solidity(order);
      const packed = encodePacked(
        ['uint256', 'address', 'address', 'uint256', 'uint32', 'uint32', 'address', 'bytes32', 'bytes'],
        [
          BigInt(order.originChainId),
          settler,
          order.user,
          order.nonce,
          order.expires,
          order.fillDeadline,
          order.inputOracle,
          keccak256(encodePacked(['uint256[]'], [inputs.flat()])),
          encodeAbiParameters([{ type: 'tuple[]', components: outputComponents }], [outputs]),
        ],
      );
      expect(standardOrderId(order, settler)).toBe(keccak256(packed));
    }),
  );
});

test('witness and permit hash as another implementation of EIP-712 hashes them', async () => {
  await fc.assert(
    fc.asyncProperty(standardOrders, addresses, async (order, spender) => {
      const payload = permit2TypedData(order, { spender });
      const witness = { types: payload.types, primaryType: 'Permit2Witness', data: payload.message['witness'] };
      expect(permit2WitnessHash(order)).toBe(hashStruct(witness as never));
      const signature = bareSignature(await signStandardOrder(order, { spender }, wallet));
      expect(recoverAddress(hashTypedData(payload as never), signature)).toBe(wallet.address);
      expect(payload.domain).toEqual({
        name: 'Permit2',
        chainId: order.originChainId,
        verifyingContract: PERMIT2_ADDRESS,
      });
      expect(JSON.parse(JSON.stringify(payload))).toEqual(payload);
    }),
    { numRuns: 30 },
  );
});

test('the witness type string is what the typed data says', () => {
  const [order] = fc.sample(standardOrders, 1);
  const { types } = permit2TypedData(order!, { spender: PERMIT2_ADDRESS });
  const struct = (name: string): string =>
    `${name}(${types[name]!.map((field) => `${field.type} ${field.name}`).join(',')})`;
  const full = ['PermitBatchWitnessTransferFrom', 'MandateOutput', 'Permit2Witness', 'TokenPermissions']
    .map(struct)
    .join('');
  const stub =
    'PermitBatchWitnessTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,';
  expect(`${stub}${PERMIT2_WITNESS_TYPE_STRING}`).toBe(full);
});

test('a signature starts with the byte for Permit2', async () => {
  const [order] = fc.sample(standardOrders, 1);
  const signature = await signStandardOrder(order!, { spender: PERMIT2_ADDRESS }, wallet);
  expect(signature).toMatch(/^0x00[0-9a-f]{128}1[bc]$/);
  expect(bareSignature(signature)).toBe(`0x${signature.slice(4)}`);
});

test('only the canonical encoding is read', () => {
  const [order] = fc.sample(standardOrders, 1);
  const encoded = encodeStandardOrder(order!);
  const dirtyToken = encoded.replace(order!.inputs[0]!.token.slice(2).toLowerCase().padStart(64, '0'), 'f'.repeat(64));
  for (const wrong of ['0x', '0x1234', `${encoded}00`, encoded.slice(0, -2), dirtyToken, 'garbage']) {
    expect(() => decodeStandardOrder(wrong as Hex)).toThrow(InvalidInputError);
  }
});

test.each([
  ['a fill deadline after expiry', { fillDeadline: 2_000, expires: 1_999 }],
  ['no inputs', { inputs: [] }],
  ['no outputs', { outputs: [] }],
  ['a deadline past 32 bits', { expires: 2 ** 32 }],
  ['a user of nobody', { user: addressToBytes32('0x0000000000000000000000000000000000000000').slice(0, 42) }],
  ['an unknown field', { memo: 1 }],
  ['a JS number as an amount', { inputs: [{ token: PERMIT2_ADDRESS, amount: 1 }] }],
])('%s is refused', (_, changes) => {
  const [order] = fc.sample(standardOrders, 1);
  expect(() => parseStandardOrder({ ...order, ...changes })).toThrow(InvalidInputError);
});
