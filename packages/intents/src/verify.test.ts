import fc from 'fast-check';
import { AbiCoder } from 'ethers/abi';
import type { SigningKey } from 'ethers/crypto';
import { Signature } from 'ethers/crypto';
import { intents, makeIntent, NOW_SECONDS, stranger, wallet } from '../test/arbitraries.js';
import { EvenkeelError, InvalidInputError } from './errors.js';
import {
  IntentExpiredError,
  IntentSignatureInvalidError,
  IntentSignatureUnreadableError,
  IntentSigningError,
} from './intent-errors.js';
import type { Hex, RebalanceIntent, SignedIntent } from './intent.js';
import { signIntent } from './sign.js';
import type { TypedDataSigner } from './sign.js';
import { hashIntent } from './typed-data.js';
import { verifyIntent } from './verify.js';

const now = { nowSeconds: NOW_SECONDS };
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const YES: Hex = `0x1626ba7e${'00'.repeat(28)}`;

/** Signs an intent of any signer with one key, without asking whether it is the right one. */
function forge(intent: RebalanceIntent, key: SigningKey = wallet.signingKey): SignedIntent {
  const id = hashIntent(intent);
  return { intent, id, signature: key.sign(id).serialized as Hex };
}

async function rejection(promise: Promise<unknown>): Promise<EvenkeelError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EvenkeelError);
  return error as EvenkeelError;
}

test("an ethers wallet's signature verifies, for any intent", async () => {
  await fc.assert(
    fc.asyncProperty(intents, async (any) => {
      const intent = { ...any, signer: wallet.address as Hex };
      const signed = await signIntent(intent, wallet);
      const verified = await verifyIntent(signed, now);
      expect(verified).toEqual({ ...signed, scheme: 'ecdsa' });
      expect(Object.isFrozen(verified)).toBe(true);
    }),
    { numRuns: 25 },
  );
});

/** Every way to change one leaf of an intent so that it is still a sound intent. */
function mutations(value: unknown, path: readonly string[] = []): readonly (readonly [string, unknown])[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => mutations(item, [...path, key]));
  }
  return [[path.join('.'), changed(value)]];
}

function changed(leaf: unknown): unknown {
  if (typeof leaf === 'bigint') return leaf + 1n;
  if (typeof leaf === 'number') return leaf + 1;
  const text = String(leaf);
  if (/^0x/.test(text)) return `${text.slice(0, -1).toLowerCase()}${text.endsWith('0') ? '1' : '0'}`;
  if (text === 'twap') return 'vwap';
  if (text === 'allowed') return 'all-or-nothing';
  return /\d$/.test(text) ? `${text}1` : `${text}x`;
}

function withChange(intent: RebalanceIntent, path: string, value: unknown): RebalanceIntent {
  const copy = structuredClone(intent) as unknown as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop()!;
  const parent = keys.reduce((node, key) => node[key] as Record<string, unknown>, copy);
  parent[last] = value;
  return copy as unknown as RebalanceIntent;
}

describe('tampering', () => {
  const intent = makeIntent();
  const leaves = mutations(intent);

  test('the list of leaves covers every field', () => {
    expect(new Set(leaves.map(([path]) => path.split('.')[0]))).toEqual(new Set(Object.keys(intent)));
  });

  test.each(leaves)('with %s is found', async (path, value) => {
    const signed = forge(intent);
    const tampered = withChange(intent, path, value);
    const naive = await rejection(verifyIntent({ ...signed, intent: tampered }, now));
    expect(['INTENT_SIGNATURE_INVALID', 'INVALID_INPUT']).toContain(naive.code);
    // Unless the schema refuses the changed value at once, a forger who recomputes the id gets no further.
    if (naive.code === 'INVALID_INPUT') {
      expect(['version', 'partialFill']).toContain(path);
      return;
    }
    const clever = await rejection(verifyIntent({ ...signed, intent: tampered, id: hashIntent(tampered) }, now));
    expect(clever.details['problem']).toBe('wrong-signer');
  });

  test('with any bit of the signature is found', async () => {
    const signed = forge(intent);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 65 * 8 - 1 }), async (bit) => {
        const flipped = BigInt(signed.signature) ^ (1n << BigInt(bit));
        const signature: Hex = `0x${flipped.toString(16).padStart(130, '0')}`;
        const error = await rejection(verifyIntent({ ...signed, signature }, now));
        expect(error).toBeInstanceOf(IntentSignatureInvalidError);
      }),
    );
  });

  test("with another intent's id is found", async () => {
    const signed = forge(intent);
    const error = await rejection(verifyIntent({ ...signed, id: `0x${'12'.repeat(32)}` }, now));
    expect(error.details['problem']).toBe('id-mismatch');
  });
});

describe('a signature has one spelling', () => {
  const signed = forge(makeIntent());
  const { r, s, v, compactSerialized } = Signature.from(signed.signature);
  const word = (value: bigint): string => value.toString(16).padStart(64, '0');

  test.each<[string, string, string]>([
    ['high s', `0x${r.slice(2)}${word(ORDER - BigInt(s))}${v === 27 ? '1c' : '1b'}`, 'high-s'],
    ['v of 0 or 1', `0x${r.slice(2)}${s.slice(2)}0${v - 27}`, 'malformed'],
    ['the compact form', compactSerialized, 'malformed'],
    ['a byte too many', `${signed.signature}00`, 'malformed'],
    ['nothing', '0x', 'malformed'],
    ['all zero', `0x${word(0n)}${word(0n)}1b`, 'wrong-signer'],
    ['an r that is no point', `0x${word(5n)}${word(1n)}1b`, 'wrong-signer'],
    ['the key of a stranger', forge(signed.intent, stranger.signingKey).signature, 'wrong-signer'],
  ])('%s is refused', async (_, signature, problem) => {
    const error = await rejection(verifyIntent({ ...signed, signature: signature as Hex }, now));
    expect(error).toBeInstanceOf(IntentSignatureInvalidError);
    expect(error.code).toBe('INTENT_SIGNATURE_INVALID');
    expect(error.retryable).toBe(false);
    expect(error.details['problem']).toBe(problem);
  });
});

test('the deadline itself is in time, a moment later is not', async () => {
  const signed = forge(makeIntent());
  await verifyIntent(signed, { nowSeconds: signed.intent.deadline });
  const late = await rejection(verifyIntent(signed, { nowSeconds: signed.intent.deadline + 0.5 }));
  expect(late).toBeInstanceOf(IntentExpiredError);
  expect(late.code).toBe('INTENT_EXPIRED');
  expect(await rejection(verifyIntent(signed, { nowSeconds: NaN }))).toBeInstanceOf(InvalidInputError);
});

describe('a contract account', () => {
  // Signed by an owner key, in the name of an account that is not that key's address.
  const account: Hex = '0x1111111111111111111111111111111111111111';
  const signed = forge(makeIntent({ signer: account }));

  test('is asked with the id and the signature on every chain where money may be spent', async () => {
    const asked: [number, string][] = [];
    const verified = await verifyIntent(signed, {
      ...now,
      call: async (chainId, to, data) => {
        asked.push([chainId, to]);
        expect(data.slice(0, 10)).toBe('0x1626ba7e');
        const [id, signature] = AbiCoder.defaultAbiCoder().decode(['bytes32', 'bytes'], `0x${data.slice(10)}`);
        expect([id, signature]).toEqual([signed.id, signed.signature]);
        return YES;
      },
    });
    expect(verified.scheme).toBe('erc-1271');
    expect(asked).toEqual([
      [1, account],
      [42161, account],
    ]);
  });

  test.each<[string, () => Promise<Hex>]>([
    ['another value', async () => `0xffffffff${'00'.repeat(28)}`],
    ['no code', async () => '0x'],
    ['only the four bytes', async () => '0x1626ba7e'],
    ['dirty bytes behind the four', async () => `0x1626ba7e${'00'.repeat(27)}01`],
    ['a revert as ethers reports it', () => Promise.reject(Object.assign(new Error(), { code: 'CALL_EXCEPTION' }))],
    ['a revert as nodes report it', () => Promise.reject(Object.assign(new Error(), { code: 3 }))],
  ])('that answers with %s on one chain only refuses', async (_, answer) => {
    const call = (chainId: number): Promise<Hex> => (chainId === 1 ? Promise.resolve(YES) : answer());
    const error = await rejection(verifyIntent(signed, { ...now, call }));
    expect(error).toBeInstanceOf(IntentSignatureInvalidError);
    expect(error.details).toMatchObject({ problem: 'refused-by-contract', chainIds: [42161] });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['a broken connection', () => Promise.reject(new Error('https://node.example/v2/SECRET-API-KEY is down'))],
    ['HTML', async () => '<html>'],
    ['nothing', async () => undefined],
  ])('that cannot be asked because of %s may be asked again', async (_, answer) => {
    const error = await rejection(verifyIntent(signed, { ...now, call: answer as () => Promise<Hex> }));
    expect(error).toBeInstanceOf(IntentSignatureUnreadableError);
    expect(error.code).toBe('INTENT_SIGNATURE_UNREADABLE');
    expect(error.retryable).toBe(true);
    expect(error.details['chainIds']).toEqual([1, 42161]);
    expect(error.cause).toBeUndefined();
  });

  test('that refuses on one chain is refused, though another could not be read', async () => {
    const call = (chainId: number): Promise<Hex> =>
      chainId === 1 ? Promise.reject(new Error('down')) : Promise.resolve('0x');
    expect((await rejection(verifyIntent(signed, { ...now, call }))).code).toBe('INTENT_SIGNATURE_INVALID');
  });

  test('stays unverified when there is nobody to ask', async () => {
    expect((await rejection(verifyIntent(signed, now))).details['problem']).toBe('wrong-signer');
  });
});

describe('signing', () => {
  test('in the name of another is refused before anything is signed', async () => {
    const error = await rejection(signIntent(makeIntent(), stranger));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', field: 'signer.address' });
  });

  const failing = (run: () => Promise<string>): TypedDataSigner => ({ address: wallet.address, signTypedData: run });

  test('shows nothing of what a signer throws but its code', async () => {
    const leak = new Error(`bad key ${wallet.privateKey}`, { cause: wallet.privateKey });
    const rejected = Object.assign(leak, { code: 'ACTION_REJECTED', info: wallet.privateKey });
    const error = await rejection(
      signIntent(
        makeIntent(),
        failing(() => Promise.reject(rejected)),
      ),
    );
    expect(error).toBeInstanceOf(IntentSigningError);
    expect(error.details['signerCode']).toBe('ACTION_REJECTED');
    expect(error.cause).toBeUndefined();
    for (const code of [wallet.privateKey, wallet.privateKey.slice(2), 12345678901234567890, {}]) {
      const hidden = Object.assign(new Error(wallet.privateKey), { code });
      const other = await rejection(
        signIntent(
          makeIntent(),
          failing(() => Promise.reject(hidden)),
        ),
      );
      const printed = `${other.message}${String(other.stack)}${JSON.stringify(other)}`;
      expect(printed).not.toContain(wallet.privateKey.slice(2));
      expect(other.details['signerCode']).toBeNull();
    }
  });

  test.each([undefined, '', '0x', 'yes', '0x123'])('refuses %j as a signature', async (answer) => {
    const error = await rejection(
      signIntent(
        makeIntent(),
        failing(async () => answer as string),
      ),
    );
    expect(error.code).toBe('INTENT_SIGNING_FAILED');
  });
});
