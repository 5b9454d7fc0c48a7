import { type Address, type Call, NATIVE_ADDRESS, sameAddress, type VenueAdapter } from '@evenkeel/core';
import { type Grant, grantOf } from './allowances.js';
import type { Check, Fail, MakeCheck } from './check.js';
import { gains, probe, type Probe } from './probe.js';
import { type CommonSubject, recipientOf } from './subject.js';
import { type Build, callsOf, type Trade } from './trade.js';
import { copyOf, fingerprint, requireFrozen, requireUntouched } from './values.js';

type Subject = CommonSubject & { readonly adapter: Pick<VenueAdapter, 'build' | 'targets'> };
type Trades<S> = (subject: S, fail: Fail) => Promise<readonly Trade[]>;

export interface FillCheckOptions<S> {
  readonly prefix: string;
  /** Whether the output can be seen on the chain of the input. */
  readonly arrives: boolean;
  readonly requires?: { readonly name: string; readonly has: (subject: S) => boolean };
}

/** Checks of the calls that `build` gives, by reading them and by simulating them from the real account. */
export function fillChecks<S extends Subject>(
  make: MakeCheck<S>,
  tradesOf: Trades<S>,
  { arrives, prefix, requires }: FillCheckOptions<S>,
): readonly Check[] {
  const each = (
    name: string,
    body: (subject: S, trade: Trade, calls: readonly Call[], fail: Fail) => Promise<void> | void,
  ): Check =>
    make(
      `${prefix}-${name}`,
      async (subject, fail) => {
        const build: Build = (fill) => subject.adapter.build(fill);
        for (const trade of await tradesOf(subject, fail)) {
          await body(subject, trade, await callsOf(build, trade, fail), fail);
        }
      },
      requires,
    );
  const measured = (name: string, body: (subject: S, trade: Trade, seen: Probe, fail: Fail) => void): Check =>
    each(name, async (subject, trade, calls, fail) => {
      body(subject, trade, await measure(subject, trade, calls, fail), fail);
    });

  return [
    each('build-is-pure', ({ adapter }, trade, calls, fail) => requirePure(adapter.build, trade, calls, fail)),
    each('calls-are-well-formed', (_, trade, calls, fail) => requireWellFormed(trade, calls, fail)),
    each('calls-go-only-to-targets', ({ adapter }, trade, calls, fail) => {
      requireTargets(adapter.targets(trade.tokenIn.chainId), trade, calls, fail);
    }),
    each('allowances-are-exact', ({ adapter }, trade, calls, fail) => {
      requireExactGrants(adapter.targets(trade.tokenIn.chainId), trade, calls, fail);
    }),
    measured('no-allowance-is-left', (_, trade, seen, fail) => requireNothingLeft(trade, seen, fail)),
    measured('spends-exactly-the-input', (_, trade, seen, fail) => requireSpent(trade, seen, fail)),
    ...(arrives ? arrivalChecks(measured) : []),
  ];
}

/** Checks of what arrives; on a bridge's origin chain there is nothing to see. */
function arrivalChecks(
  measured: (name: string, body: (subject: CommonSubject, trade: Trade, seen: Probe, fail: Fail) => void) => Check,
): readonly Check[] {
  return [
    measured('delivers-what-was-said', (_, trade, seen, fail) => requireDelivered(trade, seen, fail)),
    measured('output-goes-only-to-the-recipient', (subject, trade, seen, fail) =>
      requireOnlyRecipient(recipientOf(subject), trade, seen, fail),
    ),
  ];
}

async function measure(subject: Subject, trade: Trade, calls: readonly Call[], fail: Fail): Promise<Probe> {
  const out = trade.arrivesHere ? trade.tokenOut : undefined;
  const seen = await probe(subject, calls, trade.tokenIn, out, recipientOf(subject));
  if (seen.failure !== undefined) {
    const { index, reason } = seen.failure;
    const call = calls[index]!;
    fail(
      `the calls for ${trade.label} to succeed`,
      `call ${index} (${call.purpose}: ${call.description}) fails with "${reason}"`,
      'Simulate the sequence yourself: approvals first, then the action. Is the account of the subject funded?',
    );
  }
  return seen;
}

function requirePure(build: Build, trade: Trade, first: readonly Call[], fail: Fail): void {
  const what = `build for ${trade.label}`;
  const input = copyOf(trade.fill);
  const before = fingerprint(input);
  const again = build(input);
  requireUntouched(before, input, `the fill that is given to build (${trade.label})`, fail);
  if (fingerprint(first) !== fingerprint(again)) {
    fail(`${what} to give the same calls each time`, 'a second call differs', 'No clock, no randomness, no counters.');
  }
  requireFrozen(again, `what ${what} gives`, fail);
}

const PURPOSES: readonly string[] = ['approve', 'action', 'revoke'];

function requireWellFormed(trade: Trade, calls: readonly Call[], fail: Fail): void {
  calls.forEach((call, index) => {
    const what = `call ${index} for ${trade.label}`;
    const { chainId, data, description, purpose, to, valueWei } = call;
    if (chainId !== trade.tokenIn.chainId) {
      fail(`${what} to be on chain ${trade.tokenIn.chainId}`, `it is on ${chainId}`, 'Use the chain of the input.');
    }
    if (!/^0x[0-9a-f]{40}$/i.test(to)) fail(`${what} to go to an address`, `it goes to ${to}`, 'Check the target.');
    if (!/^0x(?:[0-9a-f]{2})*$/i.test(data))
      fail(`${what} to carry bytes`, `its data are ${data}`, 'Encode with an ABI.');
    if (typeof valueWei !== 'bigint' || valueWei < 0n) {
      fail(`${what} to send a value of zero or more wei`, `it is ${String(valueWei)}`, 'Use a bigint.');
    }
    if (!PURPOSES.includes(purpose))
      fail(`${what} to say its purpose`, `it is ${purpose}`, `Use ${PURPOSES.join(', ')}.`);
    if (typeof description !== 'string' || description === '') {
      fail(`${what} to be described for people`, 'it is not', 'Say it in a few words: "swap 1 WETH for USDC on …".');
    }
    const grant = grantOf(call);
    if ((purpose === 'approve' || purpose === 'revoke') && grant === undefined) {
      fail(
        `${what}, which calls itself ${purpose}, to set an allowance`,
        'it does something else',
        'Name it an action.',
      );
    }
    if (purpose === 'revoke' && grant !== undefined && grant.atoms !== 0n) {
      fail(`${what}, which calls itself revoke, to set zero`, `it sets ${grant.atoms}`, 'Approve zero.');
    }
    if (purpose === 'action' && grant !== undefined) {
      fail(`${what} to be called an approval`, 'it is called an action', 'Give it the purpose approve or revoke.');
    }
  });
}

function requireTargets(targets: readonly Address[], trade: Trade, calls: readonly Call[], fail: Fail): void {
  calls.forEach((call, index) => {
    if (targets.some((target) => sameAddress(target, call.to))) return;
    const grant = grantOf(call);
    if (grant?.kind === 'erc20' && sameAddress(call.to, trade.tokenIn.address)) return;
    fail(
      `call ${index} for ${trade.label} to go to one of targets(), or to approve the input token`,
      `it goes to ${call.to} with selector ${call.data.slice(0, 10)}`,
      'Name the contract in targets() if it belongs to the protocol; else do not call it.',
    );
  });
}

function requireExactGrants(targets: readonly Address[], trade: Trade, calls: readonly Call[], fail: Fail): void {
  for (const grant of calls.map(grantOf)) {
    if (grant === undefined || (grant.kind !== 'everything' && grant.atoms === 0n)) continue;
    const problem = grantProblem(grant, targets, trade);
    if (problem === undefined) continue;
    const hint = 'Approve one of targets() for exactly the input of this fill.';
    fail(`the approvals for ${trade.label} to cover exactly the input, ${trade.amountIn} atoms`, problem, hint);
  }
}

function grantProblem(
  { atoms, kind, spender, token }: Grant,
  targets: readonly Address[],
  trade: Trade,
): string | undefined {
  if (kind === 'everything') return `one gives ${spender} everything`;
  if (!sameAddress(token, trade.tokenIn.address)) return `one is of another token, ${token}`;
  if (!targets.some((target) => sameAddress(target, spender)))
    return `one is for ${spender}, which is not in targets()`;
  return atoms === trade.amountIn ? undefined : `one lets ${spender} take ${atoms}`;
}

function requireNothingLeft(trade: Trade, { rights }: Probe, fail: Fail): void {
  for (const { after, before, grant } of rights) {
    if (after === 0n || after < before) continue;
    fail(
      `no allowance to be left after ${trade.label}`,
      `${grant.spender} may still take ${after} atoms`,
      'Approve exactly what the action takes, or add a call of purpose revoke at the end.',
    );
  }
}

function requireSpent(trade: Trade, { spent }: Probe, fail: Fail): void {
  const isNative = sameAddress(trade.tokenIn.address, NATIVE_ADDRESS);
  const least = trade.amountIn;
  const most = isNative ? trade.amountIn + trade.extraWei : trade.amountIn;
  if (spent >= least && spent <= most) return;
  fail(
    `${trade.label} to take exactly ${least} atoms from the sender`,
    `it takes ${spent}`,
    'What the fill says is what is spent: no more, and no silent partial fill.',
  );
}

function requireDelivered(trade: Trade, { received }: Probe, fail: Fail): void {
  const { label, precision, promised } = trade;
  const least = precision === 'exact' ? promised : promised - (promised * BigInt(precision)) / 10_000n;
  if (received < least) {
    const bps = promised === 0n ? 0n : ((promised - received) * 10_000n) / promised;
    fail(
      `${label} to deliver ${promised} atoms to the recipient, as was said`,
      `${received} arrive, ${bps} bps less`,
      'Either the arithmetic is wrong or there is a fee that the quote or curve does not show: put it in.',
    );
  }
  if (precision === 'exact' && received > promised) {
    fail(
      `${label} to deliver exactly the ${promised} atoms that the curve says`,
      `${received} arrive`,
      'A curve is a replay to the atom: mind the rounding and the order of fee and swap.',
    );
  }
}

function requireOnlyRecipient(recipient: Address, trade: Trade, seen: Probe, fail: Fail): void {
  const { counterparties, label, tokenOut } = trade;
  const hint = 'Send the output to fill.recipient, all of it.';
  if (seen.received <= 0n) fail(`the output of ${label} to reach the recipient`, 'nothing reaches it', hint);
  if (seen.senderGained > 0n)
    fail(`the output of ${label} to reach the recipient only`, 'some goes to the sender', hint);
  if (counterparties === 'any') return;
  for (const [owner, atoms] of gains(seen.logs, tokenOut)) {
    if (sameAddress(owner, recipient) || counterparties.some((each) => sameAddress(each, owner))) continue;
    fail(`the output of ${label} to reach the recipient only`, `${owner} gets ${atoms} atoms of it`, hint);
  }
}
