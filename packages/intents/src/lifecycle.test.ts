import { expectTypeOf } from 'expect-type';
import fc from 'fast-check';
import { makeIntent, NOW_SECONDS, wallet } from '../test/arbitraries.js';
import { addDecimals, compareDecimals } from './decimal.js';
import { InvalidInputError } from './errors.js';
import { IntentFillRefusedError, IntentTransitionIllegalError } from './intent-errors.js';
import type { Hex } from './intent.js';
import {
  advance,
  draftState,
  type ExecutingState,
  type FilledState,
  INTENT_TRANSITIONS,
  type IntentEvent,
  type IntentEventType,
  type IntentState,
  type IntentStatus,
  isFinal,
  type LegalEvent,
  type PartiallyFilledState,
  type ScheduledState,
  type SignedState,
  transition,
} from './lifecycle.js';
import { hashIntent } from './typed-data.js';

const intent = makeIntent({ deltaChangeUnits: '-1.25' });
const id = hashIntent(intent);
const signature = wallet.signingKey.sign(id).serialized as Hex;
const late = intent.deadline + 1;

const fill = (units: string, fillId = 'tx-1'): Extract<IntentEvent, { type: 'fill' }> => ({
  type: 'fill',
  fill: { id: fillId, units },
});

const draft = draftState(intent);
const signed = advance(draft, { type: 'sign', signed: { intent, id, signature } });
const scheduled = advance(signed, { type: 'schedule' });
const executing = advance(scheduled, { type: 'start' });
const part = advance(executing, fill('-0.5', 'tx-0')) as PartiallyFilledState;
const paused = advance(part, { type: 'pause', reason: 'kill switch' });

/** One state of every status, and one event of every type that is plausible in all of them. */
const states: { readonly [S in IntentStatus]: Extract<IntentState, { status: S }> } = {
  draft,
  signed,
  scheduled,
  executing,
  'partially-filled': part,
  paused,
  filled: advance(part, fill('-0.75')) as FilledState,
  expired: advance(part, { type: 'expire', nowSeconds: late }),
  cancelled: advance(part, { type: 'cancel', reason: 'changed my mind' }),
  failed: advance(part, { type: 'fail', code: 'ROUTE_NONE', reason: 'no route' }),
};
const events: { readonly [E in IntentEventType]: Extract<IntentEvent, { type: E }> } = {
  sign: { type: 'sign', signed: { intent, id, signature } },
  schedule: { type: 'schedule' },
  start: { type: 'start' },
  fill: fill('-0.25'),
  settle: { type: 'settle', postTradeDelta: { low: '0', high: '0.05' } },
  pause: { type: 'pause', reason: 'kill switch' },
  resume: { type: 'resume' },
  cancel: { type: 'cancel', reason: 'changed my mind' },
  fail: { type: 'fail', code: 'ROUTE_NONE', reason: 'no route' },
  expire: { type: 'expire', nowSeconds: late },
};

/** Written down once more, independently of the code: which event leads from where to where. */
const expected: Readonly<Record<IntentStatus, Partial<Record<IntentEventType, IntentStatus>>>> = {
  draft: { sign: 'signed', cancel: 'cancelled', expire: 'expired' },
  signed: { schedule: 'scheduled', pause: 'paused', cancel: 'cancelled', fail: 'failed', expire: 'expired' },
  scheduled: { start: 'executing', pause: 'paused', cancel: 'cancelled', fail: 'failed', expire: 'expired' },
  executing: {
    fill: 'partially-filled',
    // Nothing is filled in this sample: see "settling".
    pause: 'paused',
    cancel: 'cancelled',
    fail: 'failed',
    expire: 'expired',
  },
  'partially-filled': {
    start: 'executing',
    fill: 'partially-filled',
    settle: 'filled',
    pause: 'paused',
    cancel: 'cancelled',
    fail: 'failed',
    expire: 'expired',
  },
  paused: {
    fill: 'paused',
    settle: 'filled',
    resume: 'partially-filled',
    cancel: 'cancelled',
    fail: 'failed',
    expire: 'expired',
  },
  filled: {},
  expired: {},
  cancelled: {},
  failed: {},
};

const pairs = Object.values(states).flatMap((state) =>
  Object.values(events).map((event) => [state.status, event.type, state, event] as const),
);

test('there are as many pairs as states times events', () => {
  expect(pairs).toHaveLength(10 * 10);
});

test.each(pairs)('%s takes %s as the table says', (status, type, state, event) => {
  const before = structuredClone(state);
  const to = expected[status][type];
  if (to !== undefined) {
    const next = transition(state, event);
    expect(next.status).toBe(to);
    expect(Object.isFrozen(next)).toBe(true);
    const table: Readonly<Record<string, readonly string[]>> = INTENT_TRANSITIONS[status];
    expect(table[type]).toContain(to);
  } else if (status === 'executing' && type === 'settle') {
    expect(() => transition(state, event)).toThrow(InvalidInputError);
  } else {
    expect(() => transition(state, event)).toThrow(IntentTransitionIllegalError);
    expect(() => transition(state, event)).toThrow(
      expect.objectContaining({ code: 'INTENT_TRANSITION_ILLEGAL', details: expect.objectContaining({ status }) }),
    );
  }
  expect(state).toEqual(before);
});

test('final states, and only they, take no event', () => {
  for (const state of Object.values(states)) {
    expect(isFinal(state)).toBe(Object.keys(expected[state.status]).length === 0);
  }
});

test('an event of no known type is illegal, also one that every object inherits', () => {
  for (const type of ['explode', 'toString', '__proto__']) {
    expect(() => transition(signed, { type } as never)).toThrow(IntentTransitionIllegalError);
  }
});

describe('fills', () => {
  test('add up exactly, and end the intent when the change is reached', () => {
    const units = fc.bigInt({ min: 1n, max: 10n ** 18n });
    fc.assert(
      fc.property(fc.array(units, { minLength: 1, maxLength: 12 }), fc.boolean(), (parts, buys) => {
        const sign = buys ? '' : '-';
        const text = (value: bigint): string =>
          `${sign}${value / 10n ** 9n}.${String(value % 10n ** 9n).padStart(9, '0')}`;
        const total = text(parts.reduce((sum, each) => sum + each, 0n));
        let state: IntentState = started(makeIntent({ deltaChangeUnits: total }));
        for (const [index, each] of parts.entries()) {
          expect(state.status).not.toBe('filled');
          state = transition(state, fill(text(each), `tx-${index}`));
        }
        expect(state.status).toBe('filled');
        expect(compareDecimals((state as FilledState).filledUnits, total)).toBe(0);
        expect((state as FilledState).fills).toHaveLength(parts.length);
      }),
      { numRuns: 50 },
    );
  });

  test('never exceed the change, whatever the events', () => {
    const anyEvent: fc.Arbitrary<IntentEvent> = fc.oneof(
      fc.constantFrom(events.start, events.pause, events.resume, events.settle),
      fc
        .tuple(fc.integer({ min: -100, max: 20 }), fc.integer({ min: 0, max: 9 }))
        .map(([hundredths, n]) => fill((hundredths / 100).toString(), `tx-${n}`)),
    );
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (all) => {
        let state: IntentState = executing;
        for (const event of all) {
          try {
            state = transition(state, event);
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(
              /^(INTENT_TRANSITION_ILLEGAL|INTENT_FILL_REFUSED|INVALID_INPUT)$/,
            );
          }
          const { filledUnits, fills } = state as ExecutingState;
          expect(compareDecimals(filledUnits, '0')).toBeLessThanOrEqual(0);
          expect(compareDecimals(filledUnits, '-1.25')).toBeGreaterThanOrEqual(0);
          expect(fills.reduce((sum, each) => addDecimals(sum, each.units), '0')).toBe(filledUnits);
          expect(new Set(fills.map((each) => each.id)).size).toBe(fills.length);
        }
      }),
    );
  });

  test.each([
    ['exceeds-change', part, fill('-0.76')],
    ['wrong-direction', part, fill('0.5')],
    ['wrong-direction', part, fill('0')],
    ['booked-before', part, fill('-0.5', 'tx-0')],
    ['not-started', advance(signed, { type: 'pause', reason: 'x' }), fill('-0.5')],
    ['all-or-nothing', started(wholeOnly()), fill('-0.5')],
  ] as const)('a fill that is %s is refused', (problem, state, event) => {
    expect(() => transition(state, event)).toThrow(IntentFillRefusedError);
    expect(() => transition(state, event)).toThrow(
      expect.objectContaining({ code: 'INTENT_FILL_REFUSED', details: expect.objectContaining({ problem }) }),
    );
  });

  test.each(['half', '1e-3', 'NaN', 0.5])('%j is no amount', (units) => {
    expect(() => transition(part, fill(units as string))).toThrow(InvalidInputError);
  });

  test('an all-or-nothing intent is filled at once', () => {
    expect(advance(started(wholeOnly()), fill('-1.25')).status).toBe('filled');
  });

  test('that land while paused are booked, and it resumes as what it has become', () => {
    const halted = advance(executing, { type: 'pause', reason: 'x' });
    expect(halted.resumesTo).toBe('executing');
    const after = transition(halted, fill('-1'));
    expect(after).toMatchObject({ status: 'paused', resumesTo: 'partially-filled', filledUnits: '-1' });
    expect(transition(after, { type: 'resume' }).status).toBe('partially-filled');
    expect(transition(after, fill('-0.25', 'tx-2')).status).toBe('filled');
  });

  test('stay with an intent that ends early', () => {
    expect(states.expired.filledUnits).toBe('-0.5');
    expect(states.cancelled.fills).toEqual([{ id: 'tx-0', units: '-0.5' }]);
    expect(states.failed.filledUnits).toBe('-0.5');
  });
});

describe('settling', () => {
  test.each([
    ['below the interval', { low: '-0.2', high: '0' }],
    ['above the interval', { low: '0', high: '0.11' }],
    ['upside down', { low: '0.05', high: '0' }],
    ['no numbers', { low: 'a', high: 'b' }],
  ])('with a delta %s is refused', (_, postTradeDelta) => {
    expect(() => transition(part, { type: 'settle', postTradeDelta })).toThrow(InvalidInputError);
  });

  test('needs a fill, and partial fills to be allowed', () => {
    expect(() => transition(executing, events.settle)).toThrow(expect.objectContaining({ field: 'event.type' }));
    expect(() => transition(started(wholeOnly()), events.settle)).toThrow(InvalidInputError);
  });
});

test('expiry is refused up to the deadline, and taken after it from every live state', () => {
  for (const state of Object.values(states).filter((each) => !isFinal(each))) {
    expect(() => transition(state, { type: 'expire', nowSeconds: intent.deadline })).toThrow(InvalidInputError);
    expect(() => transition(state, { type: 'expire', nowSeconds: NaN })).toThrow(InvalidInputError);
    expect(transition(state, { type: 'expire', nowSeconds: intent.deadline + 0.001 }).status).toBe('expired');
  }
});

test("another intent's signature is not taken", () => {
  const other = makeIntent({ deadline: NOW_SECONDS + 3601 });
  for (const wrong of [
    { intent: other, id: hashIntent(other), signature },
    { intent: other, id, signature },
    { intent, id: hashIntent(other), signature },
  ]) {
    expect(() => transition(draft, { type: 'sign', signed: wrong })).toThrow(InvalidInputError);
  }
});

test('what does not exist does not compile', () => {
  const illegal = (): void => {
    // @ts-expect-error a draft cannot be filled
    advance(draft, fill('-1'));
    // @ts-expect-error a signed intent is not started before it is scheduled
    advance(signed, { type: 'start' });
    // @ts-expect-error a draft has no signature that could fail
    advance(draft, events.fail);
    // @ts-expect-error nothing follows a final state
    advance(states.filled, { type: 'resume' });
    // @ts-expect-error a pause needs a reason
    advance(signed, { type: 'pause' });
    // @ts-expect-error only what all of the union's members take is taken by the union
    advance(signed as SignedState | ScheduledState, { type: 'start' });
  };
  expect(illegal).toThrow();
  expectTypeOf(signed).toEqualTypeOf<SignedState>();
  expectTypeOf(advance(executing, fill('-1'))).toEqualTypeOf<PartiallyFilledState | FilledState>();
  expectTypeOf<LegalEvent<'draft'>['type']>().toEqualTypeOf<'sign' | 'cancel' | 'expire'>();
  expectTypeOf<LegalEvent<'filled' | 'expired' | 'cancelled' | 'failed'>>().toBeNever();
  expectTypeOf<LegalEvent<'signed' | 'scheduled'>['type']>().toEqualTypeOf<'pause' | 'cancel' | 'fail' | 'expire'>();
});

function wholeOnly(): typeof intent {
  return makeIntent({ deltaChangeUnits: '-1.25', partialFill: 'all-or-nothing', schedule: { kind: 'single' } });
}

function started(of: typeof intent): ExecutingState {
  const ofId = hashIntent(of);
  const ready = advance(draftState(of), { type: 'sign', signed: { intent: of, id: ofId, signature } });
  return advance(advance(ready, { type: 'schedule' }), { type: 'start' });
}
