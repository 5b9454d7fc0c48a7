import { type JsonRpcProvider, Wallet } from 'ethers';
import { startWorld, type World } from '@evenkeel/devnet';
import { type ContractRead, type Hex, signIntent, verifyIntent } from '../src/index.js';
import { input, makeIntent, NOW_SECONDS, stranger, wallet } from './arbitraries.js';

/**
 * A contract account by hand: `isValidSignature(bytes32 hash, bytes signature)` says yes when `owner` made the
 * 65-byte ECDSA signature. It does not look at the selector: it has no other function.
 *
 * Call data: 0x04 hash, 0x24 offset (0x40), 0x44 length (65), 0x64 r, 0x84 s, 0xa4 v in the first byte.
 */
function accountCode(owner: string): string {
  const assembly: readonly (readonly [bytes: string, meaning: string])[] = [
    ['60 04 35 5f 52', 'PUSH1 04 CALLDATALOAD PUSH0 MSTORE: mem[00] = hash'],
    ['60 a4 35 5f 1a 60 20 52', 'PUSH1 a4 CALLDATALOAD PUSH0 BYTE PUSH1 20 MSTORE: mem[20] = v'],
    ['60 64 35 60 40 52', 'PUSH1 64 CALLDATALOAD PUSH1 40 MSTORE: mem[40] = r'],
    ['60 84 35 60 60 52', 'PUSH1 84 CALLDATALOAD PUSH1 60 MSTORE: mem[60] = s'],
    ['60 20 60 80', 'PUSH1 20 PUSH1 80: 32 bytes of result go to mem[80]'],
    ['60 80 5f', 'PUSH1 80 PUSH0: 128 bytes of argument come from mem[00]'],
    ['60 01 5a fa 50', 'PUSH1 01 GAS STATICCALL POP: precompile 1 is ecrecover'],
    ['60 80 51', 'PUSH1 80 MLOAD: the signer, or zero when there is none'],
    [`73 ${owner.slice(2)} 14`, 'PUSH20 owner EQ: 1 or 0'],
    ['63 16 26 ba 7e 02', 'PUSH4 magic MUL: the magic value or 0'],
    ['60 e0 1b', 'PUSH1 e0 SHL: at the left end of the word'],
    ['5f 52 60 20 5f f3', 'PUSH0 MSTORE PUSH1 20 PUSH0 RETURN'],
  ];
  return assembly.map(([bytes]) => bytes.replaceAll(' ', '').toLowerCase()).join('');
}

/** Refuses by reverting, as Safe does: PUSH0 PUSH0 REVERT. */
const REVERTING_CODE = '5f5ffd';

/** Creation code: PUSH1 length; DUP1; PUSH1 09 (where the code begins); PUSH0; CODECOPY; PUSH0; RETURN. */
function creation(code: string): string {
  return `0x60${(code.length / 2).toString(16).padStart(2, '0')}8060095f395ff3${code}`;
}

let world: World;
let provider: JsonRpcProvider;
let call: ContractRead;

beforeAll(async () => {
  world = await startWorld({ chains: 1 });
  provider = world.chains[0]!.provider;
  call = async (_, to, data) => (await provider.call({ to, data })) as Hex;
});

afterAll(async () => {
  await world.close();
});

async function deploy(code: string): Promise<Hex> {
  const deployer = new Wallet(world.accounts.deployer.privateKey, provider);
  const sent = await deployer.sendTransaction({ data: creation(code) });
  const receipt = await sent.wait();
  expect(await provider.getCode(receipt!.contractAddress!)).toBe(`0x${code}`);
  return receipt!.contractAddress as Hex;
}

/** An intent of a contract account, signed by a key. */
async function signedFor(account: Hex, key: Wallet) {
  const spending = input.spending.map((limit) => ({ ...limit, chainId: world.chains[0]!.id })).slice(0, 1);
  return signIntent(makeIntent({ signer: account, spending }), {
    address: account,
    signTypedData: (domain, types, value) => key.signTypedData(domain, types, value),
  });
}

test("a contract account's owner can sign, nobody else, and nothing can be changed", async () => {
  const account = await deploy(accountCode(wallet.address));
  const signed = await signedFor(account, wallet);
  expect((await verifyIntent(signed, { nowSeconds: NOW_SECONDS, call })).scheme).toBe('erc-1271');

  const invalid = {
    code: 'INTENT_SIGNATURE_INVALID',
    details: expect.objectContaining({ problem: 'refused-by-contract' }),
  };
  const forged = await signedFor(account, stranger);
  await expect(verifyIntent(forged, { nowSeconds: NOW_SECONDS, call })).rejects.toMatchObject(invalid);
  const broken = { ...signed, signature: `${signed.signature.slice(0, -4)}001b` as Hex };
  await expect(verifyIntent(broken, { nowSeconds: NOW_SECONDS, call })).rejects.toMatchObject(invalid);
});

test('a contract that reverts refuses, and so does an address without code', async () => {
  for (const account of [await deploy(REVERTING_CODE), world.accounts.stranger.address]) {
    const signed = await signedFor(account, wallet);
    await expect(verifyIntent(signed, { nowSeconds: NOW_SECONDS, call })).rejects.toMatchObject({
      code: 'INTENT_SIGNATURE_INVALID',
    });
  }
});

test('a node that is gone is a reason to try again', async () => {
  const signed = await signedFor(await deploy(accountCode(wallet.address)), wallet);
  const gone: ContractRead = async (_, to) => {
    // Nothing listens on the discard port.
    await fetch('http://127.0.0.1:9', { method: 'POST', body: to });
    return '0x';
  };
  await expect(verifyIntent(signed, { nowSeconds: NOW_SECONDS, call: gone })).rejects.toMatchObject({
    code: 'INTENT_SIGNATURE_UNREADABLE',
    retryable: true,
  });
});
