import {
  GuardAllowanceLeftError,
  GuardApprovalExcessiveError,
  GuardApprovalUnlimitedError,
  GuardCallMalformedError,
  GuardCallRevertsError,
  GuardFundsUnpretendableError,
  GuardLimitExceededError,
  GuardNativeExceededError,
  GuardReceivesLessError,
  GuardRecipientForeignError,
  GuardSpenderForeignError,
  GuardStepSpendsMoreError,
  GuardTargetForeignError,
  GuardTokenCallForeignError,
  GuardUnreadableError,
  GuardWrongChainError,
} from '../src/guard/errors.js';
import { guardCalls, type GuardRequest } from '../src/guard/guard-calls.js';
import { encodeApprove, PERMIT2_ADDRESS } from '../src/guard/token-calls.js';
import type { Call } from '../src/model/call.js';
import type { CallStep } from '../src/model/programme.js';
import { type Address, type Hex, NATIVE_ADDRESS, type Token } from '../src/model/token.js';
import { addressArgument, argument, moveToken, pullToken, tokenContract, word } from './support/model-chain.js';
import {
  call,
  STRANGER,
  swapData,
  swapSteps,
  usdcOn,
  VENUE,
  wethFor,
  wethOn,
  world,
  type World,
} from './support/world.js';

const AMOUNT = 500_000_000n;
const native: Token = { chainId: 1, address: NATIVE_ADDRESS, symbol: 'ETH', decimals: 18 };
const words = (...values: (bigint | string)[]): string => values.map((value) => word(value).slice(2)).join('');

function requestOn(on: World, change: Partial<GuardRequest> = {}): GuardRequest {
  return {
    chain: on.a,
    account: on.wallet.address as Address,
    steps: swapSteps('s', 1, on.wallet.address as Address, AMOUNT),
    targets: [VENUE],
    tokens: [usdcOn(1), wethOn(1)],
    maxSpend: [{ token: usdcOn(1), atoms: AMOUNT }],
    ...change,
  };
}

/** The standard sequence with another call in place of one. */
function withCall(on: World, index: number, change: Partial<Call>): GuardRequest {
  const request = requestOn(on);
  const steps = request.steps.map((step, at) =>
    at === index ? { ...step, calls: [{ ...step.calls[0]!, ...change }] } : step,
  );
  return { ...request, steps };
}

test('passes an exact swap, and reports what it measured', async () => {
  const on = world();
  const report = await guardCalls(requestOn(on));
  expect(report.steps.map(({ id }) => id)).toEqual(['s-approve', 's-swap', 's-revoke']);
  expect(report.steps[1]!.changes.map(({ token, atoms }) => [token.symbol, atoms])).toEqual([
    ['USDC', -AMOUNT],
    ['WETH', wethFor(AMOUNT)],
  ]);
  expect(report.checks).toContain('s-swap: -500 USDC, as planned');
  expect(Object.isFrozen(report) && Object.isFrozen(report.steps)).toBe(true);
  // It was a simulation.
  expect(on.a.balance(on.wallet.address as Address, usdcOn(1))).toBe(10_000_000_000n);
});

describe('refuses by calldata alone', () => {
  test.each<[string, number, Partial<Call>, new (...args: never[]) => Error]>([
    ['a call for another chain', 1, { chainId: 2 }, GuardWrongChainError],
    ['a target that nobody declared', 1, { to: STRANGER }, GuardTargetForeignError],
    ['an approval to a stranger', 0, { data: encodeApprove(STRANGER, AMOUNT) }, GuardSpenderForeignError],
    ['an unlimited approval', 0, { data: encodeApprove(VENUE, 2n ** 256n - 1n) }, GuardApprovalUnlimitedError],
    ['an approval of an atom too much', 0, { data: encodeApprove(VENUE, AMOUNT + 1n) }, GuardApprovalExcessiveError],
    [
      'an approval that is cut short',
      0,
      { data: encodeApprove(VENUE, AMOUNT).slice(0, -4) as Hex },
      GuardCallMalformedError,
    ],
    [
      'increaseAllowance beyond the plan',
      0,
      { data: `0x39509351${words(VENUE, AMOUNT + 1n)}` },
      GuardApprovalExcessiveError,
    ],
    [
      'a raw transfer to a stranger',
      1,
      { to: usdcOn(1).address, data: `0xa9059cbb${words(STRANGER, 1n)}` },
      GuardRecipientForeignError,
    ],
    [
      'transferFrom to a stranger',
      1,
      { to: usdcOn(1).address, data: `0x23b872dd${words(VENUE, STRANGER, 1n)}` },
      GuardRecipientForeignError,
    ],
    ['an operator for everything', 1, { data: `0xa22cb465${words(STRANGER, 1n)}` }, GuardSpenderForeignError],
    [
      'a signature-free permit on a token',
      0,
      { data: `0xd505accf${words(VENUE, STRANGER)}` },
      GuardTokenCallForeignError,
    ],
    [
      'transferFrom on Permit2',
      1,
      { to: PERMIT2_ADDRESS, data: `0x36c78516${words(VENUE)}` },
      GuardTokenCallForeignError,
    ],
    [
      'a Permit2 approval to a stranger',
      1,
      { to: PERMIT2_ADDRESS, data: `0x87517c45${words(usdcOn(1).address, STRANGER, 1n, 9n)}` },
      GuardSpenderForeignError,
    ],
    [
      'an unlimited Permit2 approval',
      1,
      { to: PERMIT2_ADDRESS, data: `0x87517c45${words(usdcOn(1).address, VENUE, 2n ** 160n - 1n, 9n)}` },
      GuardApprovalUnlimitedError,
    ],
    [
      'a Permit2 approval that was sent to a venue',
      1,
      { data: `0x87517c45${words(usdcOn(1).address, VENUE, 1n, 9n)}` },
      GuardTokenCallForeignError,
    ],
  ])('%s', async (_, index, change, error) => {
    const on = world();
    const before = on.a.requestCount();
    await expect(guardCalls(withCall(on, index, change))).rejects.toThrow(error);
    expect(on.a.requestCount()).toBe(before);
  });

  test('approvals that are exact one by one and too much together', async () => {
    const on = world();
    const request = requestOn(on);
    const [approve, swap, revoke] = request.steps as [CallStep, CallStep, CallStep];
    const increase = call(1, usdcOn(1).address, `0x39509351${words(VENUE, 1n)}`, 'approve', 'a little more');
    const steps = [{ ...approve, calls: [...approve.calls, increase] }, swap, revoke];
    await expect(guardCalls({ ...request, steps })).rejects.toThrow(GuardApprovalExcessiveError);
  });
});

describe('refuses by simulation', () => {
  test('a call that reverts', async () => {
    const on = world();
    const data = swapData(1, AMOUNT, wethFor(AMOUNT) + 1n, on.wallet.address as Address);
    await expect(guardCalls(withCall(on, 1, { data }))).rejects.toThrow(GuardCallRevertsError);
  });

  test('an output that goes to a stranger, whatever the logs say', async () => {
    const on = world();
    await expect(guardCalls(withCall(on, 1, { data: swapData(1, AMOUNT, 0n, STRANGER) }))).rejects.toThrow(
      GuardReceivesLessError,
    );
  });

  test('a venue that logs a transfer which it did not make', async () => {
    const on = world();
    on.a.contracts.set(VENUE, (frame) => {
      pullToken(frame, addressArgument(frame.data, 0), frame.from, argument(frame.data, 2));
      const topic = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
      frame.log({
        address: wethOn(1).address,
        topics: [topic, word(VENUE), word(frame.from)],
        data: word(wethFor(AMOUNT)),
      });
      return '0x';
    });
    await expect(guardCalls(requestOn(on))).rejects.toThrow(GuardReceivesLessError);
  });

  test('a step that takes another token as well', async () => {
    const on = world();
    on.a.fund(on.wallet.address as Address, wethOn(1), 10n ** 18n);
    on.a.contracts.set(VENUE, (frame) => {
      moveToken(frame, wethOn(1).address, frame.from, STRANGER, 1n);
      return '0x';
    });
    await expect(guardCalls(requestOn(on))).rejects.toThrow(GuardStepSpendsMoreError);
  });

  test('more than the intent has left', async () => {
    const on = world();
    const maxSpend = [{ token: usdcOn(1), atoms: AMOUNT - 1n }];
    await expect(guardCalls(requestOn(on, { maxSpend }))).rejects.toThrow(GuardLimitExceededError);
    await expect(guardCalls(requestOn(on, { maxSpend: [] }))).rejects.toThrow(GuardLimitExceededError);
  });

  test('native coin that was not planned, and not a wei more', async () => {
    const on = world();
    const value = (wei: bigint, feeWei: bigint): GuardRequest => {
      const request = withCall(on, 1, { valueWei: wei });
      const steps = request.steps.map((step) => (step.id === 's-swap' ? { ...step, nativeFeeWei: feeWei } : step));
      return { ...request, steps };
    };
    await expect(guardCalls(value(5n, 4n))).rejects.toThrow(GuardNativeExceededError);
    const report = await guardCalls(value(5n, 5n));
    expect(report.steps[1]!.changes).toContainEqual({
      holder: on.wallet.address,
      token: expect.objectContaining({ address: NATIVE_ADDRESS }) as Token,
      atoms: -5n,
    });
  });

  test('native coin as principal counts against its own limit', async () => {
    const on = world();
    const deposit = call(1, VENUE, '0xd0e30db0', 'action', 'wrap');
    on.a.contracts.set(VENUE, () => '0x');
    const step = {
      id: 'wrap',
      calls: [{ ...deposit, valueWei: 7n }],
      spends: [{ token: native, atoms: 7n }],
      receives: [],
      nativeFeeWei: 0n,
    };
    await expect(guardCalls(requestOn(on, { steps: [step] }))).rejects.toThrow(GuardLimitExceededError);
    const maxSpend = [{ token: native, atoms: 7n }];
    expect((await guardCalls(requestOn(on, { steps: [step], maxSpend }))).steps).toHaveLength(1);
  });

  test('an allowance that would be left over', async () => {
    const on = world();
    const request = requestOn(on);
    const half = swapData(1, AMOUNT / 2n, 0n, on.wallet.address as Address);
    const [approve, swap, revoke] = request.steps as [CallStep, CallStep, CallStep];
    const lazy = { ...swap, calls: [{ ...swap.calls[0]!, data: half }], receives: [] };
    await expect(guardCalls({ ...request, steps: [approve, lazy] })).rejects.toThrow(GuardAllowanceLeftError);
    // Unless an order is to use it later.
    const kept = await guardCalls({ ...request, steps: [approve, lazy], keepAllowances: true });
    expect(kept.steps).toHaveLength(2);
    expect((await guardCalls({ ...request, steps: [approve, lazy, revoke] })).steps).toHaveLength(3);
  });

  test('a token whose balance cannot be read', async () => {
    const on = world();
    const tokens = [usdcOn(1), { ...wethOn(1), address: STRANGER }];
    await expect(guardCalls(requestOn(on, { tokens }))).rejects.toThrow(GuardUnreadableError);
  });
});

describe('funds that a bridge has yet to bring', () => {
  const incoming = [{ token: usdcOn(2), atoms: AMOUNT }];
  const far = (on: World): GuardRequest =>
    requestOn(on, {
      chain: on.b,
      steps: swapSteps('s', 2, on.wallet.address as Address, AMOUNT),
      tokens: [usdcOn(2), wethOn(2)],
      maxSpend: [{ token: usdcOn(2), atoms: AMOUNT }],
    });

  test('are pretended, and only then', async () => {
    const on = world();
    await expect(guardCalls(far(on))).rejects.toThrow(GuardCallRevertsError);
    const report = await guardCalls({ ...far(on), incoming });
    expect(report.unchecked).toContain('500 USDC is pretended: a bridge has yet to bring it');
    expect(on.b.balance(on.wallet.address as Address, usdcOn(2))).toBe(0n);
  });

  test('are added to what is there', async () => {
    const on = world();
    on.b.fund(on.wallet.address as Address, usdcOn(2), AMOUNT - 1n);
    expect((await guardCalls({ ...far(on), incoming: [{ token: usdcOn(2), atoms: 1n }] })).steps).toHaveLength(3);
  });

  test('cannot be pretended for a token that hides its balances, unless the caller does', async () => {
    const on = world();
    on.b.contracts.set(usdcOn(2).address, (frame) =>
      frame.data.startsWith('0x70a08231') ? word(0n) : tokenContract(frame),
    );
    await expect(guardCalls({ ...far(on), incoming })).rejects.toThrow(GuardFundsUnpretendableError);
    const overrides = { [usdcOn(2).address]: { storage: {} } };
    // Left to the caller, whose override brings nothing here.
    await expect(guardCalls({ ...far(on), incoming, overrides })).rejects.toThrow(GuardCallRevertsError);
  });
});
