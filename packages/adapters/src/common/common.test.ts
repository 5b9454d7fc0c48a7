import fc from 'fast-check';
import type { Address, Clock } from '@evenkeel/core';
import { scaleAtoms } from './amounts.js';
import { ServiceRateLimitedError, ServiceUnreachableError } from './errors.js';
import { deepFreeze } from './freeze.js';
import { askService, DEFAULT_PATIENCE, retryAfterSeconds } from './service.js';
import { addressToWord, wordToAddress } from './word.js';

const never = new AbortController().signal;
const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes): Address => `0x${Buffer.from(bytes).toString('hex')}`);

function stoppedClock(pauses: number[] = []): Clock {
  return { now: () => 1_700_000_000_000, sleep: async (milliseconds) => void pauses.push(milliseconds) };
}

describe('words', () => {
  test('an address survives its word', () => {
    fc.assert(
      fc.property(address, (each) => {
        expect(addressToWord(each)).toHaveLength(66);
        expect(wordToAddress(addressToWord(each))).toBe(each);
      }),
    );
  });

  test('a word of another kind of chain is not an address', () => {
    const solana = `0x${'ab'.repeat(32)}`;
    expect(() => wordToAddress(solana)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => addressToWord('0x12')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});

describe('scaling between decimals', () => {
  const decimals = fc.record({ decimals: fc.integer({ min: 0, max: 30 }) });
  const atoms = fc.bigInt({ min: 0n, max: 10n ** 40n });

  test('never makes value, and loses less than one atom of the coarser token', () => {
    fc.assert(
      fc.property(atoms, decimals, decimals, (amount, from, to) => {
        const back = scaleAtoms(scaleAtoms(amount, from, to), to, from);
        const coarse = 10n ** BigInt(Math.max(0, from.decimals - to.decimals));
        expect(back).toBeLessThanOrEqual(amount);
        expect(amount - back).toBeLessThan(coarse);
      }),
    );
  });

  test('1 USDC is 1 USDC', () => {
    expect(scaleAtoms(1_000_000n, { decimals: 6 }, { decimals: 18 })).toBe(10n ** 18n);
    expect(scaleAtoms(10n ** 18n + 1n, { decimals: 18 }, { decimals: 6 })).toBe(1_000_000n);
  });
});

describe('asking a service', () => {
  test('is tried again only for what may pass by itself', async () => {
    const pauses: number[] = [];
    let attempts = 0;
    const failing = async (): Promise<never> => {
      attempts += 1;
      throw new ServiceUnreachableError('test', 'down');
    };
    const asked = askService('test', failing, { ...DEFAULT_PATIENCE, retries: 3 }, stoppedClock(pauses), never);
    await expect(asked).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    expect(attempts).toBe(4);
    expect(pauses).toEqual([500, 1_000, 2_000]);

    const foreign = askService(
      'test',
      () => Promise.reject(new TypeError('bug')),
      DEFAULT_PATIENCE,
      stoppedClock(pauses),
      never,
    );
    await expect(foreign).rejects.toBeInstanceOf(TypeError);
    expect(pauses).toHaveLength(3);
  });

  test('a pause that is longer than our patience is left to the caller', async () => {
    const pauses: number[] = [];
    const limited = (): Promise<never> => Promise.reject(new ServiceRateLimitedError('test', 60));
    const asked = askService('test', limited, DEFAULT_PATIENCE, stoppedClock(pauses), never);
    await expect(asked).rejects.toMatchObject({ retryAfterSeconds: 60 });
    expect(pauses).toEqual([]);
  });

  test('what does not listen is not waited for', async () => {
    const hanging = (): Promise<never> => new Promise(() => undefined);
    const patience = { ...DEFAULT_PATIENCE, timeoutMs: 10, retries: 0 };
    const asked = askService('test', hanging, patience, stoppedClock(), never);
    await expect(asked).rejects.toMatchObject({ code: 'SERVICE_TIMEOUT' });
  });

  test.each([
    ['3', 3],
    ['Tue, 14 Nov 2023 22:13:25 GMT', 5],
    ['Tue, 14 Nov 2023 22:13:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('Retry-After %p is %p s', (header, seconds) => {
    expect(retryAfterSeconds(header, stoppedClock())).toBe(seconds);
  });
});

test('freezing goes all the way down', () => {
  const value = deepFreeze({ list: [{ token: { symbol: 'USDC' } }] });
  expect(Object.isFrozen(value.list[0]!.token)).toBe(true);
});
