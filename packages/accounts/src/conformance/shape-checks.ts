import { getAddress } from 'ethers/address';
import { verifyTypedData } from 'ethers/hash';
import { type AccountCheck, type MakeCheck, say } from './check.js';
import { type AccountSubject, usedNonces } from './subject.js';

const KINDS = ['eoa', 'erc4337', 'eip7702', 'eip5792', 'safe'];

/** What an account says of itself. */
export function shapeChecks(make: MakeCheck<AccountSubject>): readonly AccountCheck[] {
  return [
    make('account-is-frozen', ({ account }, fail) => {
      const { capabilities, nonceLayout } = account;
      const isWhole = [account, capabilities, nonceLayout].every((each) => Object.isFrozen(each));
      if (!isWhole) fail('account, capabilities and nonceLayout to be frozen', 'they can be changed', 'Freeze them.');
    }),
    make('account-says-what-it-is', ({ account, chain }, fail) => {
      const { capabilities, id, kind, owner } = account;
      if (id === '' || !KINDS.includes(kind))
        fail('an id and a known kind', `they are "${id}" and ${kind}`, 'Give both.');
      if (capabilities.atomicBatch && !capabilities.batched) {
        fail('atomicBatch only with batched', 'it says the one without the other', 'Say both.');
      }
      for (const address of [owner, account.addressOn(chain.id), account.addressOn(chain.id)]) {
        if (!isChecksummed(address)) fail('addresses with their checksum', `one is ${say(address)}`, 'Use getAddress.');
      }
    }),
    make('used-nonces-fit-the-layout', async (subject, fail) => {
      const used: unknown = await usedNonces(subject);
      const { nonceLayout } = subject.account;
      const bits = nonceLayout.kind === 'keyed' ? nonceLayout.sequenceBits : 64;
      if (typeof used === 'bigint' && used >= 0n && used < 1n << BigInt(bits)) return;
      fail(`usedNonces to give a bigint of ${bits} bits`, `it gave ${say(used)}`, 'Leave the key out of it.');
    }),
    make('signs-typed-data-for-its-owner', async ({ account }, fail) => {
      const domain = { name: 'Evenkeel conformance', version: '1' };
      const types = { Note: [{ name: 'text', type: 'string' }] };
      const message = { text: 'hello' };
      const signature = await account.signTypedData({ domain, types, message });
      const signer = recover(() => verifyTypedData(domain, { Note: [...types.Note] }, message, signature));
      if (signer === undefined || signer === account.owner) return;
      fail(`a signature of ${account.owner}`, `it is one of ${signer}`, 'Sign with the key of the owner.');
    }),
  ];
}

function isChecksummed(address: string): boolean {
  return recover(() => getAddress(address)) === address;
}

function recover<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
