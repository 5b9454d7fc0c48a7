import fc from 'fast-check';
import { buyingIntent, NOW, sampleBid, sampleRequest } from '../../test/support/bids.js';
import { modelNetwork, type ModelNetwork, type Script } from '../../test/support/model-network.js';
import { virtualClock } from '../../test/support/virtual-clock.js';
import type { Call } from '../model/call.js';
import type { SolverOrder } from '../ports/solver.js';
import { entrust, type EntrustContext, followToEnd } from './entrust.js';
import { requestForRest } from './rest.js';

const bid = sampleBid({ partialFill: 'pro-rata' });

interface Stage {
  readonly network: ModelNetwork;
  readonly context: EntrustContext;
  readonly remembered: SolverOrder[];
  readonly sent: Call[];
  readonly states: string[];
}

function stage(script: Script, patientUntil = 400): Stage {
  const clock = virtualClock(NOW * 1000);
  const network = modelNetwork(bid, clock, script);
  const remembered: SolverOrder[] = [];
  const sent: Call[] = [];
  const states: string[] = [];
  const context: EntrustContext = {
    solver: network,
    clock,
    signal: new AbortController().signal,
    sign: () => {
      network.log.push('sign');
      return Promise.resolve('0x01');
    },
    send: (calls) => {
      sent.push(...calls);
      if (calls.some(({ description }) => description === 'cancel')) network.mineCancellation();
      return Promise.resolve();
    },
    remember: (order) => {
      network.log.push('remember');
      remembered.push(order);
      return Promise.resolve();
    },
    pollMs: 10_000,
    patientUntil,
    onStatus: ({ state }) => states.push(state),
  };
  return { network, context, remembered, sent, states };
}

describe('entrust', () => {
  it('writes the order down before the network hears of it, and ends when it is filled', async () => {
    const { context, network, states } = stage({ fills: [{ at: 150, permille: 1000n }] });
    const end = await entrust(bid, context);
    expect(end).toMatchObject({ state: 'filled', fills: { drawn: { atoms: bid.input.atoms } } });
    expect(network.log).toEqual(['sign', 'remember', 'submit']);
    expect(states).toEqual(['open', 'filled']);
  });

  it('cancels when patience is over, and gives nothing back before the cancellation is final', async () => {
    const { context, network, sent } = stage({});
    const end = await entrust(bid, context);
    expect(end).toMatchObject({ state: 'dead', proof: { reason: 'cancelled', drawn: { atoms: 0n } } });
    expect(sent.map(({ description }) => description)).toEqual(['cancel']);
    expect(network.log.filter((entry) => entry === 'cancel')).toHaveLength(1);
    // Cancelled at 400, final 60 later, looked at every 10.
    expect(context.clock.now() / 1000).toBe(470);
  });

  it('waits for the end of an order that cannot be cancelled', async () => {
    const { context, sent } = stage({ cancellable: false });
    expect(await entrust(bid, context)).toMatchObject({ state: 'dead', proof: { reason: 'expired' } });
    expect(sent).toEqual([]);
    expect(context.clock.now() / 1000).toBe(870);
  });

  it('takes a submission that failed for one that may have arrived', async () => {
    const { context } = stage({ submitFails: true, fills: [{ at: 200, permille: 1000n }] });
    expect(await entrust(bid, context)).toMatchObject({ state: 'filled' });
  });

  it('looks again where it could not look', async () => {
    const { context } = stage({ flaky: true, fills: [{ at: 200, permille: 1000n }] });
    expect(await entrust(bid, context)).toMatchObject({ state: 'filled' });
  });

  it('goes on after a restart from what was written down', async () => {
    const { context, remembered } = stage({ fills: [{ at: 160, permille: 300n }] });
    const stop = new AbortController();
    const crash = entrust(bid, { ...context, signal: stop.signal, onStatus: () => stop.abort(new Error('crash')) });
    await expect(crash).rejects.toThrow('crash');
    const end = await followToEnd(remembered[0]!, context);
    expect(end).toMatchObject({ state: 'dead', proof: { drawn: { atoms: (bid.input.atoms * 3n) / 10n } } });
  });

  it('refuses a network that says it drew more than the order allows', async () => {
    const { context } = stage({ fills: [{ at: 150, permille: 1000n }] });
    const solver = {
      ...context.solver,
      track: async (order: SolverOrder, signal: AbortSignal) => {
        const status = await context.solver.track(order, signal);
        if (status.state !== 'filled') return status;
        return { ...status, drawn: { ...status.drawn, atoms: bid.input.atoms + 1n } };
      },
    };
    await expect(entrust(bid, { ...context, solver })).rejects.toMatchObject({ code: 'SOLVER_INCONSISTENT' });
  });

  it('refuses an adapter that turns the bid into another order', async () => {
    const { context, network } = stage({});
    const solver = {
      ...network,
      orderOf: () => ({ ...network.orderOf(bid, '0x'), input: { ...bid.input, atoms: 1n } }),
    };
    await expect(entrust(bid, { ...context, solver })).rejects.toMatchObject({ code: 'SOLVER_INCONSISTENT' });
    expect(network.log).toEqual(['sign']);
  });

  it('never lets the network and the fallback draw more than the input together', async () => {
    const fills = fc.array(
      fc.record({ at: fc.integer({ min: NOW, max: 900 }), permille: fc.bigInt({ min: 1n, max: 300n }) }),
      { maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(fills, fc.integer({ min: NOW, max: 900 }), fc.boolean(), async (script, until, cancellable) => {
        const { context, network } = stage({ fills: script, cancellable }, until);
        const end = await entrust(bid, context);
        if (end.state === 'filled') return;
        const rest = requestForRest(sampleRequest(), end.proof);
        // Long after everything: what the network drew must be what the proof said.
        await context.clock.sleep(10_000_000);
        const last = await network.track(end.order, context.signal);
        const drawn = 'drawn' in last ? last.drawn.atoms : 0n;
        expect(drawn + (rest?.input.atoms ?? 0n)).toBe(bid.input.atoms);
      }),
      { numRuns: 60 },
    );
  });
});

describe('requestForRest', () => {
  const proof = {
    reason: 'expired',
    received: bid.guaranteedOutput,
    surplus: 0n,
    txHashes: [],
    chainId: 1,
    blockNumber: 1,
  };
  const dead = (atoms: bigint) =>
    ({ ...proof, sentence: '', drawn: { token: bid.input.token, atoms } }) as Parameters<typeof requestForRest>[1];

  it('asks for the rest with the next number, at no worse a price, and counts what is gone', () => {
    const request = sampleRequest();
    const third = request.input.atoms / 3n;
    const rest = requestForRest(request, dead(third))!;
    expect(rest).toMatchObject({ index: 1, spent: [{ chainId: 1, atoms: third }] });
    expect(rest.input.atoms).toBe(request.input.atoms - third);
    expect(rest.minOutput * request.input.atoms).toBeGreaterThanOrEqual(request.minOutput * rest.input.atoms);
    expect(requestForRest(request, dead(request.input.atoms))).toBeUndefined();
    expect(requestForRest({ ...request, intent: buyingIntent(2) }, dead(0n))!.spent).toEqual([]);
    expect(() => requestForRest(request, dead(request.input.atoms + 1n))).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });
});
