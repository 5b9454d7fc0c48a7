import type { EarlierLook } from '@evenkeel/core/rebalancer';
import { provenMemory } from './proven-memory.js';

type Remembered = EarlierLook['memory'] extends ReadonlyMap<string, infer T> ? T : never;

const entry = (source: string, blockNumber: number, goneSinceSeconds?: number): Remembered => ({
  reading: {
    status: 'known',
    id: `${source}/1`,
    label: `a position on ${source}`,
    position: { kind: 'perpetual' } as never,
    asOf: { source, timeSeconds: 0, chainId: 1, blockNumber },
  },
  ...(goneSinceSeconds === undefined ? {} : { goneSinceSeconds }),
});
const look = (...entries: readonly Remembered[]): EarlierLook => ({
  price: '3000',
  hasTraded: false,
  memory: new Map(entries.map((each) => [each.reading.id, each])),
});
const kept = (memory: ReturnType<typeof provenMemory>) => [...memory.recall()!.memory.keys()];

test('what was read before a venue has closed something is not held against it, on that venue alone', () => {
  const memory = provenMemory();
  memory.keep(look(entry('perp', 10, 99), entry('loan', 10, 99)));
  expect(memory.closedBy('perp', 12)).toEqual([{ id: 'perp/1', label: 'a position on perp' }]);
  expect(kept(memory)).toEqual(['loan/1']);
  // Told once.
  expect(memory.closedBy('perp', 12)).toEqual([]);
});

test('a node that lags and still shows it does not bring the doubt back; what is read afterwards is doubted as ever', () => {
  const memory = provenMemory();
  memory.closedBy('perp', 12);
  memory.keep(look(entry('perp', 11)));
  expect(kept(memory)).toEqual([]);
  memory.keep(look(entry('perp', 13)));
  expect(kept(memory)).toEqual(['perp/1']);
});

test('a position that still reads as something is not told as gone', () => {
  const memory = provenMemory();
  memory.keep(look(entry('perp', 10)));
  expect(memory.closedBy('perp', 12)).toEqual([]);
});
