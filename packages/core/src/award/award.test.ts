import type { Bid } from '../ports/solver.js';
import type { Token } from '../model/token.js';
import { sampleBid } from '../../test/support/bids.js';
import { award, type AwardBasis } from './award.js';

const weth: Token = { chainId: 1, address: `0x${'b'.repeat(40)}`, symbol: 'WETH', decimals: 18 };
const usdc: Token = { chainId: 1, address: `0x${'a'.repeat(40)}`, symbol: 'USDC', decimals: 6 };
const UNIT = 10n ** 18n;

const basis: AwardBasis = {
  side: 'buy',
  deltaUnits: '2',
  referencePrice: '2000',
  outputTokens: [weth],
  input: '4010',
  nowSeconds: 100,
  handicapBps: 5,
  gasCost: '1.5',
};

function bid(id: string, atoms: bigint, fields: Partial<Bid> = {}): Bid {
  return sampleBid({
    id,
    adapter: `solver-${id}`,
    guaranteedOutput: { token: weth, atoms },
    validUntil: 200,
    ...fields,
  });
}

describe('award', () => {
  it('keeps our own route when nobody beats it by the handicap', () => {
    // 4010 for 2.0047 units costs 0.6: cheaper than 2.5 by 4.75 bp of 4000, within the handicap of 5.
    const result = award({ cost: '2.5' }, [bid('close', 20047n * 10n ** 14n)], basis);
    expect(result.winner).toBe('own');
    expect(result.contestants.map(({ code, won }) => [code, won])).toEqual([
      ['BEST', true],
      ['WITHIN_HANDICAP', false],
    ]);
  });

  it('gives it to the bid that is cheaper all in', () => {
    const better = bid('better', 2005n * 10n ** 15n);
    const gas = bid('gas', 2005n * 10n ** 15n, { gas: { paidBy: 'owner', owner: [] } });
    const result = award({ cost: '5' }, [gas, better], basis);
    expect(result).toMatchObject({ winner: 'bid', bid: { id: 'better' } });
    expect(result.contestants.map(({ bidId, code }) => [bidId, code])).toEqual([
      ['better', 'BEST'],
      ['gas', 'DEARER'],
      [undefined, 'DEARER'],
    ]);
    // 4010 − 2.005·2000 = 0, and 1.5 of gas on a notional of 4000.
    expect(result.contestants[0]!.costBps).toBeCloseTo(0, 9);
    expect(result.contestants[1]!.costBps).toBeCloseTo(3.75, 9);
  });

  it('keeps a reason for each bid that cannot take part', () => {
    const result = award(
      undefined,
      [
        bid('late', 2n * UNIT, { validUntil: 100 }),
        bid('token', 2n * UNIT, { guaranteedOutput: { token: usdc, atoms: 5n } }),
        bid('decimals', 2n * UNIT, { guaranteedOutput: { token: { ...weth, decimals: 6 }, atoms: 2n * UNIT } }),
        bid('less', 2n * UNIT - 1n),
        bid('zero', 0n),
        bid('nan', 2n * UNIT, { validUntil: Number.NaN }),
      ],
      basis,
    );
    expect(result.winner).toBe('none');
    expect(result.contestants.map(({ code }) => code)).toEqual([
      'EXPIRED',
      'WRONG_TOKEN',
      'WRONG_TOKEN',
      'TOO_LITTLE',
      'INVALID',
      'EXPIRED',
    ]);
  });

  it('judges selling by the numeraire that is guaranteed', () => {
    const selling: AwardBasis = { ...basis, side: 'sell', outputTokens: [usdc], input: '2' };
    const offer = bid('sell', 0n, { guaranteedOutput: { token: usdc, atoms: 3_998_000_000n } });
    // 4000 − 3998 = 2, and 2 more is the handicap of 5 bp.
    const result = award({ cost: '3.9' }, [offer], selling);
    expect(result.winner).toBe('own');
    expect(award({ cost: '3.9' }, [offer], { ...selling, handicapBps: 0 }).winner).toBe('bid');
  });

  it('prefers our own route, then the lower id, in a tie', () => {
    const bids = [bid('b', 2005n * 10n ** 15n), bid('a', 2005n * 10n ** 15n)];
    expect(award({ cost: '0' }, bids, { ...basis, handicapBps: 0 }).winner).toBe('own');
    expect(award(undefined, bids, basis)).toMatchObject({ winner: 'bid', bid: { id: 'a' } });
  });

  it('refuses a basis without size or price', () => {
    expect(() => award(undefined, [], { ...basis, deltaUnits: '0' })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
    expect(() => award(undefined, [], { ...basis, referencePrice: 'x' })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });
});
