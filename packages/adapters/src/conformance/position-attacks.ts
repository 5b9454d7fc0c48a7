import type { Chain, Hex, PositionReading, PositionSource, ReadCall, ReadResult } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import type { Check, Fail, MakeCheck } from './check.js';
import { mustAnswer } from './invoke.js';
import { patienceOf, type PositionLie, type PositionSourceSubject } from './subject.js';

type Tampering = (call: ReadCall, result: ReadResult) => ReadResult;

const OVER = { name: 'over', has: (subject: PositionSourceSubject): boolean => subject.over !== undefined };

/** What a chain may do to a source that trusts it: nothing of it may turn into a position that is certain. */
export function positionAttacks(make: MakeCheck<PositionSourceSubject>): readonly Check[] {
  const attack = (name: string, what: string, change: (chain: Chain) => Chain): Check =>
    make(name, (given, fail) => requireUnknown(given, what, change, fail), OVER);
  const tampering = (tamper: Tampering) => (chain: Chain) => tamperedChain(chain, tamper);
  const cut = (data: Hex): Hex => data.slice(0, -2) as Hex;
  return [
    attack('an-unreachable-node-is-unknown', 'no node answers', deadChain),
    attack(
      'reverting-views-are-unknown',
      'all views revert',
      tampering(() => ({ success: false, data: '0x' })),
    ),
    attack(
      'empty-answers-are-unknown',
      'all views answer nothing',
      tampering(() => ({ success: true, data: '0x' })),
    ),
    attack(
      'answers-cut-short-are-unknown',
      'the last byte of all answers is missing',
      tampering((_, { data, success }) => ({ success, data: cut(data) })),
    ),
    make('it-is-as-old-as-what-it-read-last', requireOneBlock, OVER),
    make('lies-are-unknown', requireLiesSeen, {
      name: 'lies',
      has: ({ lies = [], over }) => over !== undefined && lies.length > 0,
    }),
  ];
}

async function requireUnknown(
  given: PositionSourceSubject,
  what: string,
  change: (chain: Chain) => Chain,
  fail: Fail,
): Promise<void> {
  const { chain, source } = given.over!;
  await judge(given, source(change(chain)), what, fail);
  // Again by a source that has read the truth before: what it remembers must not stand in for what it cannot read.
  const toggle = { on: false };
  const warm = source(switched(chain, change(chain), toggle));
  await readBy(given, warm, fail);
  toggle.on = true;
  await judge(given, warm, `${what}, after it read well once`, fail);
}

async function judge(given: PositionSourceSubject, source: PositionSource, what: string, fail: Fail): Promise<void> {
  const readings = await readBy(given, source, fail);
  const hint = 'Answer with an unknown reading of what could not be read; never leave it out, never make it zero.';
  if (readings.length === 0) fail(`an unknown reading when ${what}`, 'there is none at all', hint);
  const certain = readings.find(({ status }) => status !== 'unknown');
  if (certain !== undefined) fail(`nothing to be certain when ${what}`, `${certain.id} is`, hint);
}

function readBy(given: PositionSourceSubject, source: PositionSource, fail: Fail): Promise<readonly PositionReading[]> {
  return mustAnswer('read()', (signal) => source.read(given.owner, signal), patienceOf(given), fail);
}

/** The subject's own lies: what only its author knows to be a contradiction. */
async function requireLiesSeen(given: PositionSourceSubject, fail: Fail): Promise<void> {
  for (const lie of given.lies ?? []) {
    const { chain, source } = given.over!;
    const readings = await readBy(given, source(lyingChain(chain, lie)), fail);
    const doubted = readings.some(({ status }) => status === 'unknown');
    if (doubted) continue;
    const hint = 'Hold what the contract says against something else that it says, and doubt both where they differ.';
    fail(`doubt when ${lie.name}`, readings.length === 0 ? 'there are no positions' : 'all is certain', hint);
  }
}

function lyingChain(chain: Chain, lie: PositionLie): Chain {
  return lie.chain === undefined ? tamperedChain(chain, lie.tamper ?? ((_, result) => result)) : lie.chain(chain);
}

/**
 * Each read sees a block of its own: a source that puts a position together from several of them has to read all of it
 * again, and its time is that of the last.
 */
async function requireOneBlock(given: PositionSourceSubject, fail: Fail): Promise<void> {
  const { chain, source } = given.over!;
  const seen: number[] = [];
  const moving: Chain = {
    ...chain,
    read: async (calls, signal) => {
      const batch = await chain.read(calls, signal);
      const number = batch.block.number + seen.length;
      seen.push(number);
      return { ...batch, block: { ...batch.block, number } };
    },
  };
  for (const reading of await readBy(given, source(moving), fail)) {
    const { blockNumber } = reading.asOf;
    if (reading.status !== 'known' || seen.length === 0 || blockNumber === seen.at(-1)) continue;
    const hint = 'Read all of a position in one request, and again as a whole where that takes two.';
    fail(`${reading.id} to be as of block ${seen.at(-1)}`, `it says ${blockNumber}`, hint);
  }
}

function tamperedChain(chain: Chain, tamper: Tampering): Chain {
  return {
    ...chain,
    read: async (calls, signal) => {
      const batch = await chain.read(calls, signal);
      return { ...batch, results: batch.results.map((result, index) => tamper(calls[index]!, result)) };
    },
    simulate: async (request, signal) => {
      const results = await chain.simulate(request, signal);
      return results.map((result, index) => ({ ...result, ...tamper(request.calls[index]!, result) }));
    },
  };
}

function deadChain(chain: Chain): Chain {
  const refuse = (): Promise<never> =>
    Promise.reject(new EvenkeelError('RPC_UNREACHABLE', 'The node does not answer.', { retryable: true }));
  return { ...chain, block: refuse, read: refuse, simulate: refuse, logs: refuse, code: refuse };
}

function switched(good: Chain, bad: Chain, toggle: { readonly on: boolean }): Chain {
  const now = (): Chain => (toggle.on ? bad : good);
  return {
    ...good,
    block: (tag, signal) => now().block(tag, signal),
    read: (calls, signal) => now().read(calls, signal),
    simulate: (request, signal) => now().simulate(request, signal),
    logs: (filter, signal) => now().logs(filter, signal),
    code: (address, signal) => now().code(address, signal),
  };
}
