import { IntentExpiredError, IntentSignatureInvalidError } from '@evenkeel/intents';
import {
  AccountCannotBatchError,
  ExecutionPartMissingError,
  GasFundsMissingError,
  ProgrammeInvalidError,
  StepNotCoveredError,
  StepStuckError,
} from '../src/execution/errors.js';
import type { ExecutionEvent } from '../src/execution/events.js';
import { cancelProgramme, executeProgramme, resumeProgramme } from '../src/execution/execute-programme.js';
import { JournalConflictError } from '../src/execution/journal-errors.js';
import { memoryJournal } from '../src/execution/memory-journal.js';
import { recoverReservations } from '../src/execution/recover-reservations.js';
import { GuardTargetForeignError } from '../src/guard/errors.js';
import type { CallStep, Step } from '../src/model/programme.js';
import type { Address, Hex } from '../src/model/token.js';
import type { Account } from '../src/ports/account.js';
import { Death, mortal } from './support/crash.js';
import { RpcTimeout } from './support/model-chain.js';
import { BOUGHT, EACH_ONCE, holdings, landings, requestFor, unexplained } from './support/request.js';
import {
  BRIDGE,
  crossChainSteps,
  signedIntent,
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

const ownerOf = (on: World): Address => on.wallet.address as Address;
const nearSteps = (on: World): CallStep[] => swapSteps('near', 1, ownerOf(on), 500_000_000n);
const stateOf = (result: { readonly steps: readonly { id: string; code: string }[] }, id: string): string | undefined =>
  result.steps.find((step) => step.id === id)?.code;

describe('a programme that goes well', () => {
  test('does every step once, over two chains and a bridge, and accounts for every atom', async () => {
    const on = world();
    const opening = holdings(on);
    const request = await requestFor(on);
    const result = await executeProgramme(request);

    expect(result.state).toBe('completed');
    expect(landings(on, request.programme.steps)).toEqual(EACH_ONCE);
    expect(unexplained(opening, result.flows, holdings(on))).toEqual({});
    expect(on.signatures()).toBe(6);
    const weth = result.net.filter((net) => net.token === wethOn(1).address).reduce((sum, net) => sum + net.atoms, 0n);
    expect(weth).toBe(BOUGHT);
    expect(stateOf(result, 'near-revoke')).toBe('ALLOWANCE_USED_UP');
    expect(result.guard.flatMap((report) => report.unchecked)).toContain(
      '999 USDC is pretended: a bridge has yet to bring it',
    );
  });

  test('answers the same result again, without touching a chain', async () => {
    const on = world();
    const request = await requestFor(on);
    const first = await executeProgramme(request);
    const [signatures, requests] = [on.signatures(), on.a.requestCount()];
    const again = await executeProgramme(request);
    expect({ ...again, guard: [] }).toEqual({ ...first, guard: [] });
    expect([on.signatures(), on.a.requestCount()]).toEqual([signatures, requests]);
  });

  test('takes a step away that is not needed, and sends the one that is', async () => {
    const on = world();
    const [approve, swap, revoke] = nearSteps(on) as [CallStep, CallStep, CallStep];
    // The swap takes half of what was approved.
    const half = swapData(1, 250_000_000n, wethFor(250_000_000n), ownerOf(on));
    const receives = [{ token: wethOn(1), atoms: wethFor(250_000_000n) }];
    const steps = [approve, { ...swap, calls: [{ ...swap.calls[0]!, data: half }], receives }, revoke];
    const result = await executeProgramme(await requestFor(on, { steps }));
    expect(stateOf(result, 'near-revoke')).toBe('STEP_FILLED');
    expect(landings(on, steps)['near-revoke']).toBe(1);
  });

  test('a listener that throws harms nobody', async () => {
    const on = world();
    const onEvent = (): never => {
      throw new Error('listener');
    };
    expect((await executeProgramme(await requestFor(on, { steps: nearSteps(on), onEvent }))).state).toBe('completed');
  });

  test('slices share the limits of their intent', async () => {
    const on = world();
    const request = await requestFor(on, { steps: nearSteps(on) });
    await executeProgramme(request);
    const again = { ...request, programme: { ...request.programme, slice: 1 } };
    await executeProgramme(again);
    await executeProgramme({ ...request, programme: { ...request.programme, slice: 2 } });
    // 1,500 of 1,500 USDC are spent.
    const tooMuch = { ...request, programme: { ...request.programme, slice: 3 } };
    await expect(executeProgramme(tooMuch)).rejects.toMatchObject({ code: 'GUARD_LIMIT_EXCEEDED' });
    expect(on.a.landed().filter((each) => each.to === VENUE)).toHaveLength(3);
  });
});

describe('before anything is sent', () => {
  const refused = async (on: World, request: Parameters<typeof executeProgramme>[0]): Promise<unknown> => {
    const error: unknown = await executeProgramme(request).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(on.signatures()).toBe(0);
    expect([...on.a.landed(), ...on.b.landed()]).toEqual([]);
    expect(await request.journal.programmes()).toEqual([]);
    return error;
  };

  test('a dry run goes the same way and sends nothing', async () => {
    const on = world();
    const events: ExecutionEvent[] = [];
    const request = await requestFor(on, { onEvent: (event) => events.push(event), options: { dryRun: true } });
    const result = await executeProgramme(request);
    expect(result).toMatchObject({ state: 'simulated', simulated: true, flows: [] });
    expect(result.net.find((net) => net.chainId === 2 && net.token === wethOn(2).address)?.atoms).toBe(
      wethFor(999_000_000n),
    );
    expect(events.length).toBeGreaterThan(0);
    expect(events.every((event) => event.simulated)).toBe(true);
    expect(on.signatures()).toBe(0);
    expect(await request.journal.programmes()).toEqual([]);
    expect((await request.journal.decisions()).every((decision) => decision.simulated)).toBe(true);
    // The real run is not hindered by it.
    expect((await executeProgramme({ ...request, options: { pollMs: 3_000 } })).state).toBe('completed');
  });

  test('an intent that was changed after it was signed is refused', async () => {
    const on = world();
    const request = await requestFor(on);
    const { signedIntent: signed } = request;
    const tampered = { ...signed, intent: { ...signed.intent, maxCostBps: 5_000 } };
    expect(await refused(on, { ...request, signedIntent: tampered })).toBeInstanceOf(IntentSignatureInvalidError);
  });

  test('an expired intent is refused', async () => {
    const on = world();
    const request = await requestFor(on);
    on.clock.advance(7_201_000);
    expect(await refused(on, request)).toBeInstanceOf(IntentExpiredError);
  });

  test('an intent of somebody else does not move this account', async () => {
    const on = world();
    const account = { ...on.account, owner: STRANGER, addressOn: () => STRANGER };
    expect(await refused(on, await requestFor(on, { accounts: [account] }))).toBeInstanceOf(StepNotCoveredError);
  });

  test.each([
    ['an adapter that is not admitted', (step: CallStep) => ({ ...step, adapter: 'other' })],
    ['a token that may not be spent', (step: CallStep) => ({ ...step, spends: [{ token: wethOn(1), atoms: 1n }] })],
  ])('%s is refused', async (_, change) => {
    const on = world();
    const [approve, swap, revoke] = nearSteps(on) as [CallStep, CallStep, CallStep];
    const steps = [approve, change(swap), revoke];
    const adapters = [on.venue, on.bridge, { ...on.venue, id: 'other' }];
    expect(await refused(on, await requestFor(on, { steps, adapters }))).toBeInstanceOf(StepNotCoveredError);
  });

  test('a transfer to a stranger is refused', async () => {
    const on = world();
    const steps = crossChainSteps(ownerOf(on)).map((step): Step =>
      step.kind === 'await-transfer' ? { ...step, recipient: STRANGER } : step,
    );
    expect(await refused(on, await requestFor(on, { steps }))).toBeInstanceOf(StepNotCoveredError);
  });

  test('both lanes are checked before the first is sent: a fault at the far end stops the near one', async () => {
    const on = world();
    const steps = crossChainSteps(ownerOf(on)).map((step): Step =>
      step.id === 'far-swap' && step.kind === 'calls'
        ? { ...step, calls: [{ ...step.calls[0]!, to: STRANGER }] }
        : step,
    );
    expect(await refused(on, await requestFor(on, { steps }))).toBeInstanceOf(GuardTargetForeignError);
  });

  test('an account that cannot pay the gas is told so', async () => {
    const on = world();
    on.a.fund(ownerOf(on), 'native', 1n - 10n ** 20n);
    expect(await refused(on, await requestFor(on))).toBeInstanceOf(GasFundsMissingError);
  });

  test('parts that are missing are named', async () => {
    const on = world();
    expect(await refused(on, await requestFor(on, { chains: [on.a] }))).toBeInstanceOf(ExecutionPartMissingError);
    expect(await refused(on, await requestFor(on, { adapters: [on.venue] }))).toBeInstanceOf(ExecutionPartMissingError);
  });

  test('an account of one call a transaction refuses two', async () => {
    const on = world();
    const [approve, swap] = nearSteps(on) as [CallStep, CallStep, CallStep];
    const steps = [{ ...swap, after: [], calls: [...approve.calls, ...swap.calls] }];
    expect(await refused(on, await requestFor(on, { steps }))).toBeInstanceOf(AccountCannotBatchError);
  });

  test.each([
    ['twice the same id', (steps: readonly Step[]) => [...steps, steps[0]!]],
    ['a step after nothing', (steps: readonly Step[]) => steps.slice(1)],
    ['a circle', ([first, ...rest]: readonly Step[]) => [{ ...first!, after: ['near-revoke'] }, ...rest]],
    ['no step', () => []],
  ])('%s makes no programme', async (_, change) => {
    const on = world();
    const steps = change(nearSteps(on));
    expect(await refused(on, await requestFor(on, { steps }))).toBeInstanceOf(ProgrammeInvalidError);
  });

  test('another programme under the same slice is refused', async () => {
    const on = world();
    const request = await requestFor(on, { steps: nearSteps(on) });
    await executeProgramme(request);
    const other = { ...request.programme, steps: swapSteps('near', 1, ownerOf(on), 400_000_000n) };
    await expect(executeProgramme({ ...request, programme: other })).rejects.toThrow(JournalConflictError);
  });
});

describe('what may go wrong on the way', () => {
  test('a reverted step stops what depends on it, and says what was kept', async () => {
    const on = world();
    const opening = holdings(on);
    const request = await requestFor(on, {
      onEvent: (event) => {
        // The market moves between the last look and the block: the venue has no WETH left.
        if (event.type === 'step-sent' && event.step === 'far-swap') {
          on.b.fund(VENUE, wethOn(2), -on.b.balance(VENUE, wethOn(2)));
        }
      },
    });
    const result = await executeProgramme(request);
    expect(result.state).toBe('stopped');
    expect(stateOf(result, 'far-swap')).toBe('STEP_REVERTED');
    // The allowance that the failed swap left behind was taken away.
    expect(stateOf(result, 'far-revoke')).toBe('STEP_FILLED');
    expect(result.net).toContainEqual({ chainId: 2, token: usdcOn(2).address, atoms: 999_000_000n });
    expect(unexplained(opening, result.flows, holdings(on))).toEqual({});
  });

  test('a step that no longer passes the guard is not signed', async () => {
    const on = world();
    const request = await requestFor(on, {
      onEvent: (event) => {
        if (event.type === 'transfer-status' && event.status.state === 'filled') {
          on.b.fund(VENUE, wethOn(2), -on.b.balance(VENUE, wethOn(2)));
        }
      },
    });
    const result = await executeProgramme(request);
    expect(stateOf(result, 'far-approve')).toBe('GUARD_CALL_REVERTS');
    expect(stateOf(result, 'far-swap')).toBe('DEPENDENCY_FAILED');
    expect(on.b.landed().filter((each) => each.from === ownerOf(on))).toEqual([]);
  });

  test.each([
    ['refund', 'TRANSFER_REFUNDED'],
    ['fill-otherwise', 'TRANSFER_FILLED_OTHERWISE'],
    ['lie', 'TRANSFER_FILLED_SHORT'],
  ] as const)('a transfer that ends by %s stops the far side and reconciles', async (fate, code) => {
    const on = world();
    on.fate = fate;
    const opening = holdings(on);
    const result = await executeProgramme(await requestFor(on));
    expect(result.state).toBe('stopped');
    expect(stateOf(result, 'arrival')).toBe(code);
    expect(stateOf(result, 'far-swap')).toBe('DEPENDENCY_FAILED');
    expect(stateOf(result, 'near-swap')).toBe('STEP_FILLED');
    expect(unexplained(opening, result.flows, holdings(on))).toEqual({});
  });

  test('a lost reply is no lost transaction', async () => {
    const on = world();
    on.a.onSend = () => 'lose-reply';
    const request = await requestFor(on, { steps: nearSteps(on) });
    expect((await executeProgramme(request)).state).toBe('completed');
    expect(on.signatures()).toBe(2);
  });

  test('a dropped transaction is sent again, the same bytes', async () => {
    const on = world();
    const sent: string[] = [];
    on.a.onSend = ({ raw }) => {
      sent.push(raw);
      return sent.length % 2 === 1 ? 'drop' : 'accept';
    };
    const request = await requestFor(on, { steps: nearSteps(on) });
    expect((await executeProgramme(request)).state).toBe('completed');
    expect(new Set(sent).size).toBe(2);
    expect(sent.length).toBeGreaterThan(2);
  });

  test('a stuck transaction is replaced at a higher price with the same nonce', async () => {
    const on = world();
    const request = await requestFor(on, {
      steps: nearSteps(on),
      onEvent: (event) => {
        if (event.type === 'step-sent' && event.step === 'near-approve') on.a.minimumFeeWei = 3_300_000_000n;
      },
    });
    const result = await executeProgramme(request);
    expect(result.state).toBe('completed');
    const reservation = await request.journal.reservation({ ...request.programme, step: 'near-approve', attempt: 0 });
    const operations = await request.journal.operations(reservation!.id);
    expect(operations.length).toBeGreaterThan(1);
    expect(reservation?.finalHash).toBe(operations.at(-1)?.hash);
    expect(operations[1]!.maxFeePerGasWei * 10n).toBeGreaterThanOrEqual(operations[0]!.maxFeePerGasWei * 11n);
    expect(landings(on, request.programme.steps)['near-approve']).toBe(1);
  });

  test('when an earlier, cheaper copy is mined after all, it counts', async () => {
    const on = world();
    const early: string[] = [];
    on.a.onSend = ({ raw }) => (early.push(raw), early.length === 1 ? 'accept' : 'refuse');
    on.a.minimumFeeWei = 10n ** 12n;
    const request = await requestFor(on, {
      steps: nearSteps(on),
      onEvent: (event) => {
        if (event.type !== 'step-replaced') return;
        on.a.minimumFeeWei = 0n;
        on.a.onSend = () => 'accept';
        on.a.mine();
      },
    });
    const result = await executeProgramme(request);
    expect(result.state).toBe('completed');
    const reservation = await request.journal.reservation({ ...request.programme, step: 'near-approve', attempt: 0 });
    const [first] = await request.journal.operations(reservation!.id);
    expect(reservation?.finalHash).toBe(first?.hash);
  });

  test.each(['return', 'forget'] as const)('a reorganisation whose transactions %s is waited out', async (fate) => {
    const on = world();
    const opening = holdings(on);
    let done = false;
    const events: string[] = [];
    const request = await requestFor(on, {
      steps: nearSteps(on),
      options: { pollMs: 3_000, confirmations: { 1: 4 } },
      onEvent: (event) => events.push(event.type),
    });
    on.clock.onAdvance(() => {
      if (done || on.a.landed().length !== 1) return;
      done = true;
      on.clock.onAdvance(() => undefined);
      setImmediate(() => on.a.reorganise(2, fate));
    });
    const result = await executeProgramme(request);
    expect(result.state).toBe('completed');
    expect(done).toBe(true);
    expect(landings(on, request.programme.steps)).toMatchObject({ 'near-approve': 1, 'near-swap': 1 });
    expect(on.signatures()).toBe(2);
    expect(unexplained(opening, result.flows, holdings(on))).toEqual({});
  });

  test('a step that a deep reorganisation undid while nobody looked is sent again on resumption', async () => {
    const on = world();
    const opening = holdings(on);
    const request = await requestFor(on);
    const dying = mortal(request, 30, 'after');
    await expect(executeProgramme(dying.request)).rejects.toThrow(Death);
    on.a.reorganise(1_000, 'forget');
    const { intentId, slice } = request.programme;
    const result = await resumeProgramme({ ...request, intentId, slice });
    expect(landings(on, request.programme.steps)).toMatchObject({ 'bridge-approve': 1, bridge: 1, 'near-swap': 1 });
    expect(unexplained(opening, result.flows, holdings(on))).toEqual({});
  });

  test('a nonce that somebody else used is never used again for the step', async () => {
    const on = world();
    const request = await requestFor(on, { steps: nearSteps(on) });
    on.a.onSend = ({ data, from, nonce }) => {
      if (data === '0x') return 'accept';
      // The same key is at work elsewhere.
      on.a.onSend = () => 'accept';
      on.a.act(from, STRANGER, '0x');
      expect(nonce).toBe(0);
      return 'accept';
    };
    const result = await executeProgramme(request);
    expect(stateOf(result, 'near-approve')).toBe('NONCE_TAKEN');
    expect(result.state).toBe('stopped');
    expect(landings(on, request.programme.steps)['near-swap']).toBe(0);
  });

  test('a node that refuses for ever leaves a programme that can be resumed', async () => {
    const on = world();
    on.a.onSend = () => 'refuse';
    const request = await requestFor(on, { steps: nearSteps(on), options: { pollMs: 5_000, giveUpAfterMs: 120_000 } });
    await expect(executeProgramme(request)).rejects.toThrow(StepStuckError);
    on.a.onSend = () => 'accept';
    const { intentId, slice } = request.programme;
    expect((await resumeProgramme({ ...request, intentId, slice })).state).toBe('completed');
    expect(landings(on, request.programme.steps)).toMatchObject({ 'near-approve': 1, 'near-swap': 1 });
  });

  test('a node that is silent at the last look is asked again', async () => {
    const on = world();
    let silences = 3;
    const chain = {
      ...on.a,
      fees: async () => {
        if (silences-- > 0 && on.signatures() > 0) throw new RpcTimeout();
        return on.a.fees();
      },
    };
    const result = await executeProgramme(await requestFor(on, { steps: nearSteps(on), chains: [chain, on.b] }));
    expect(result.state).toBe('completed');
  });
});

describe('stopping', () => {
  test('an abort leaves a programme that can be resumed', async () => {
    const on = world();
    const controller = new AbortController();
    const request = await requestFor(on, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === 'step-sent' && event.step === 'bridge') controller.abort(new Error('shutdown'));
      },
    });
    await expect(executeProgramme(request)).rejects.toThrow('shutdown');
    const { intentId, slice, steps } = request.programme;
    const { signal: _, ...rest } = request;
    expect((await resumeProgramme({ ...rest, intentId, slice })).state).toBe('completed');
    expect(landings(on, steps)).toEqual(EACH_ONCE);
  });

  test('cancelling replaces what is not mined by a transfer of nothing, and sends nothing more', async () => {
    const on = world();
    on.a.minimumFeeWei = 10n ** 12n;
    const request = await requestFor(on, {
      steps: nearSteps(on),
      onEvent: (event) => {
        if (event.type === 'step-sent' && event.step === 'near-approve')
          void cancelProgramme({ ...request, ...request.programme });
        if (event.type === 'step-cancelling') on.a.minimumFeeWei = 0n;
      },
    });
    const result = await executeProgramme(request);
    expect(result.state).toBe('cancelled');
    expect(stateOf(result, 'near-approve')).toBe('STEP_CANCELLED');
    expect(landings(on, request.programme.steps)).toEqual({ 'near-approve': 0, 'near-swap': 0, 'near-revoke': 0 });
    expect(on.a.landed().map(({ to, data }) => ({ to, data }))).toEqual([{ to: ownerOf(on), data: '0x' }]);
  });

  test('a transfer in flight is tracked to its end although the programme was cancelled', async () => {
    const on = world();
    const request = await requestFor(on, {
      onEvent: (event) => {
        if (event.type === 'step-done' && event.step === 'bridge')
          void cancelProgramme({ ...request, ...request.programme });
      },
    });
    const result = await executeProgramme(request);
    expect(result.state).toBe('cancelled');
    expect(stateOf(result, 'arrival')).toBe('TRANSFER_FILLED');
    expect(stateOf(result, 'far-approve')).toBe('PROGRAMME_CANCELLED');
  });

  test('after the deadline a resumption finishes what is under way and begins nothing', async () => {
    const on = world();
    on.fate = 'never';
    const controller = new AbortController();
    const request = await requestFor(on, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === 'step-done' && event.step === 'near-swap') controller.abort(new Error('shutdown'));
      },
    });
    await expect(executeProgramme(request)).rejects.toThrow('shutdown');
    on.clock.advance(7_300_000);
    on.fate = 'fill';
    const { intentId, slice } = request.programme;
    const { signal: _, ...rest } = request;
    const result = await resumeProgramme({ ...rest, intentId, slice });
    expect(result.state).toBe('stopped');
    expect(stateOf(result, 'arrival')).toBe('TRANSFER_FILLED');
    expect(stateOf(result, 'far-approve')).toBe('INTENT_EXPIRED');
    expect(on.b.landed().filter((each) => each.from === ownerOf(on))).toEqual([]);
  });

  test('a tampered journal is not resumed', async () => {
    const on = world();
    const request = await requestFor(on);
    await expect(executeProgramme(mortal(request, 8, 'after').request)).rejects.toThrow(Death);
    const stored = await request.journal.intent(request.programme.intentId);
    const journal = {
      ...request.journal,
      intent: async () => ({ ...stored!, intent: { ...stored!.intent, deadline: stored!.intent.deadline + 1 } }),
    };
    const { intentId, slice } = request.programme;
    const before = on.signatures();
    await expect(resumeProgramme({ ...request, journal, intentId, slice })).rejects.toThrow(
      IntentSignatureInvalidError,
    );
    expect(on.signatures()).toBe(before);
  });
});

describe('an abandoned nonce', () => {
  /** Dies after the nonce was reserved and before anything was signed for it. */
  async function abandoned(on: World): Promise<Parameters<typeof executeProgramme>[0]> {
    const request = await requestFor(on, { steps: nearSteps(on) });
    const { request: dying, operations } = mortal(request, 3, 'after');
    await expect(executeProgramme(dying)).rejects.toThrow(Death);
    expect(operations).toEqual(['journal.putIntent', 'journal.putProgramme', 'journal.reserve']);
    return request;
  }

  test('is used by the step when it still may run', async () => {
    const on = world();
    const request = await abandoned(on);
    const { intentId, slice } = request.programme;
    expect((await resumeProgramme({ ...request, intentId, slice })).state).toBe('completed');
    expect(on.a.landed().map((each) => each.nonce)).toEqual([0, 1]);
  });

  test('is used up by a cancellation when the step may not run any more', async () => {
    const on = world();
    const request = await abandoned(on);
    await cancelProgramme({ ...request, ...request.programme });
    const { intentId, slice } = request.programme;
    const result = await resumeProgramme({ ...request, intentId, slice });
    expect(stateOf(result, 'near-approve')).toBe('PROGRAMME_CANCELLED');
    expect(on.a.landed().map(({ nonce, data }) => ({ nonce, data }))).toEqual([{ nonce: 0, data: '0x' }]);
  });

  test('is freed for others by recovery, once nobody can resume it', async () => {
    const on = world();
    const request = await abandoned(on);
    expect(await recoverReservations(request)).toEqual([]);
    on.clock.advance(7_300_000);
    const settled = await recoverReservations(request);
    expect(settled.map(({ nonce, state }) => ({ nonce, state }))).toEqual([{ nonce: 0n, state: 'cancelled' }]);

    const later = await signedIntent(on, { deadline: Math.floor(on.clock.now() / 1000) + 3_600 });
    const programme = { ...request.programme, intentId: later.id };
    expect((await executeProgramme({ ...request, signedIntent: later, programme })).state).toBe('completed');
    expect(on.a.landed().map((each) => each.nonce)).toEqual([0, 1, 2]);
  });
});

describe('two executors on one journal', () => {
  test('share the work: every step once, every nonce once', async () => {
    const on = world();
    const opening = holdings(on);
    const request = await requestFor(on);
    const results = await Promise.all([
      executeProgramme(request),
      executeProgramme(request),
      executeProgramme(request),
    ]);
    expect(results.map((result) => result.state)).toEqual(['completed', 'completed', 'completed']);
    expect(landings(on, request.programme.steps)).toEqual(EACH_ONCE);
    expect(unexplained(opening, results[0].flows, holdings(on))).toEqual({});
  });

  test('with two programmes never reserve the same nonce', async () => {
    const on = world();
    const request = await requestFor(on, { steps: nearSteps(on), journal: memoryJournal() });
    const steps = crossChainSteps(ownerOf(on)).filter((step) => step.id.startsWith('bridge'));
    const second = { ...request, programme: { ...request.programme, slice: 1, steps } };
    const results = await Promise.all([executeProgramme(request), executeProgramme(second)]);
    expect(results.map((result) => result.state)).toEqual(['completed', 'completed']);
    expect(on.a.landed().map((each) => each.nonce)).toEqual([0, 1, 2, 3]);
  });
});

test('calls that the programme knows nothing of are not made', async () => {
  const on = world();
  await executeProgramme(await requestFor(on));
  const mine = [...on.a.landed(), ...on.b.landed()].filter((each) => each.from === ownerOf(on));
  expect(new Set(mine.map((each) => each.to))).toEqual(new Set([usdcOn(1).address, VENUE, BRIDGE]));
});

describe('an account that others deliver for', () => {
  test('is tracked across a bridge by the transaction that held its operation', async () => {
    const on = world();
    const request = await requestFor(on);
    const [account] = request.accounts as [Account];
    const renamed = (hash: Hex): Hex => `0x${[...hash.slice(2)].reverse().join('')}`;
    const bundled: Account = {
      ...account,
      sign: async (...args) => {
        const signed = await account.sign(...args);
        return { ...signed, hash: renamed(signed.hash) };
      },
      submission: {
        ...account.submission,
        receipt: (chain, hash, signal) => account.submission.receipt(chain, renamed(hash), signal),
      },
    };
    const result = await executeProgramme({ ...request, accounts: [bundled] });
    expect(result.state).toBe('completed');
    expect(landings(on, request.programme.steps)).toEqual(EACH_ONCE);
  });

  test('needs no coin for gas that somebody else pays, and counts what it has elsewhere', async () => {
    for (const [funds, code] of [
      [0n, 'GAS_FUNDS_MISSING'],
      [10n ** 18n, undefined],
      ['sponsored', undefined],
    ] as const) {
      const request = await requestFor(world());
      const [account] = request.accounts as [Account];
      const paid: Account = { ...account, gasFundsWei: () => Promise.resolve(funds) };
      const outcome: unknown = await executeProgramme({ ...request, accounts: [paid] }).catch(
        (error: unknown) => error,
      );
      expect(outcome).toMatchObject(code === undefined ? { state: 'completed' } : { code });
    }
  });
});
