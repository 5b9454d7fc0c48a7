import fc from 'fast-check';
import { AbiCoder, Interface } from 'ethers/abi';
import { deltaBandModule, type Hex, revokeAllCall } from '../src/index.js';
import {
  type Attempt,
  balanceOf,
  clockOf,
  entryPointAbi,
  moduleNonce,
  SCENE_ANSWER,
  setFeed,
  succeed,
} from '../src/local/index.js';
import { openVictim, tryOperation, type Victim } from './support/victim.js';

// Any history of trades, waiting, prices, gifts and revocation, on the real contract; after each step, what must always hold.

const ETH = 10n ** 18n;
const USDC = 10n ** 6n;
const band = new Interface(deltaBandModule.abi);
const erc20 = new Interface(['function allowance(address,address) view returns (uint256)']);
const nonces = new Interface(['function getNonce(address,uint192) view returns (uint256)']);
const coder = AbiCoder.defaultAbiCoder();

/** What is known of the history without asking the contract. */
interface Model {
  sequence: bigint;
  isRevoked: boolean;
  /** What trades took of the cap, and what was lost by the feed's price, by bucket. */
  readonly uses: { readonly bucket: number; readonly charged: bigint; readonly lost: bigint }[];
  readonly gas: { readonly bucket: number; readonly wei: bigint }[];
}

let victim: Victim;
beforeAll(async () => {
  victim = await openVictim();
}, 60_000);
afterAll(() => victim.close());

const bucketNow = async (): Promise<number> => {
  const { node, policy } = victim.scene;
  return Math.floor(((await clockOf(node)) - policy.start) / (policy.windowSeconds / 4));
};
const holdings = async (): Promise<{ weth: bigint; usdc: bigint }> => {
  const { node, self, usdc, weth } = victim.scene;
  return { weth: await balanceOf(node, weth, self), usdc: await balanceOf(node, usdc, self) };
};
const call = async (to: Hex, data: string): Promise<bigint> =>
  BigInt((await victim.scene.node.rpc('eth_call', [{ to, data }, 'latest'])) as string);
/** Buckets of any window that ends in `last`: five of a quarter each touch it. */
const within = <T extends { readonly bucket: number }>(list: readonly T[], last: number): readonly T[] =>
  list.filter(({ bucket }) => bucket > last - 5 && bucket <= last);
const sum = (list: readonly bigint[]): bigint => list.reduce((total, each) => total + each, 0n);

class Trade implements fc.AsyncCommand<Model, Victim> {
  constructor(
    readonly sell: boolean,
    readonly thousandths: number,
    readonly venue: number,
    readonly greedy: boolean,
  ) {}
  check = (): boolean => true;
  async run(model: Model): Promise<void> {
    const { policy } = victim.scene;
    const [market] = policy.markets;
    const amountIn = this.sell ? BigInt(this.thousandths) * 10n ** 15n : BigInt(this.thousandths) * 3n * USDC;
    const before = await holdings();
    const order = { sell: this.sell, amountIn, venue: this.venue, minOut: this.greedy ? 2n ** 120n : 0n };
    const result = await tryOperation(victim, { sequence: model.sequence, order });
    const after = await holdings();
    const bucket = await bucketNow();
    if (model.isRevoked) expect(result).toMatchObject({ kind: 'refused', check: 'GrantRevoked' });
    if (this.greedy) expect(result.kind).not.toBe('done');
    if (result.kind !== 'refused') {
      model.sequence += 1n;
      model.gas.push({ bucket, wei: gasOf(result) });
    }
    if (result.kind === 'done') {
      const { charged, paid, received } = rebalancedIn(result);
      expect(paid <= amountIn).toBe(true);
      // Toward the interval, and not beyond it.
      if (this.sell) expect(before.weth > market!.low && after.weth >= market!.low).toBe(true);
      else expect(before.weth < market!.high && after.weth <= market!.high).toBe(true);
      const worth = ((this.sell ? paid : received) * (await answer())) / 10n ** 20n;
      model.uses.push({ bucket, charged, lost: this.sell ? worth - received : paid - worth });
    } else {
      expect(after.weth).toBe(before.weth);
    }
    expect(sum(within(model.uses, bucket).map(({ charged }) => charged)) <= policy.capAtoms).toBe(true);
    const most = (policy.capAtoms * BigInt(policy.lossBps)) / 10_000n;
    expect(sum(within(model.uses, bucket).map(({ lost }) => lost)) <= most + 5n).toBe(true);
    expect(sum(within(model.gas, bucket).map(({ wei }) => wei)) <= policy.gasBudgetWei).toBe(true);
    await assertNothingLeft(model);
  }
  toString = (): string => `${this.sell ? 'sell' : 'buy'} ${this.thousandths}${this.greedy ? ' greedily' : ''}`;
}

class Wait implements fc.AsyncCommand<Model, Victim> {
  constructor(
    readonly seconds: number,
    readonly feedBps: number,
  ) {}
  check = (): boolean => true;
  async run(): Promise<void> {
    const { band: contracts, node } = victim.scene;
    await node.rpc('evm_increaseTime', [this.seconds]);
    await node.rpc('evm_mine');
    const now = await clockOf(node);
    await setFeed(node, victim.deployer, contracts.feed, (SCENE_ANSWER * BigInt(10_000 + this.feedBps)) / 10_000n, now);
    await setFeed(node, victim.deployer, contracts.gasFeed, SCENE_ANSWER, now);
  }
  toString = (): string => `wait ${this.seconds} s, feed ${this.feedBps} bps off`;
}

class Gift implements fc.AsyncCommand<Model, Victim> {
  constructor(readonly thousandths: number) {}
  check = (): boolean => true;
  async run(): Promise<void> {
    const { node, self } = victim.scene;
    await victim.world.fund(node.tokens.WETH as never, self, BigInt(this.thousandths) * 10n ** 15n);
  }
  toString = (): string => `gift of ${this.thousandths}`;
}

class Revoke implements fc.AsyncCommand<Model, Victim> {
  check = (model: Readonly<Model>): boolean => !model.isRevoked && model.uses.length > 2;
  async run(model: Model): Promise<void> {
    const { band: contracts, node, self } = victim.scene;
    await node.rpc('anvil_setBalance', [self, '0xde0b6b3a7640000']);
    await succeed(node, self, contracts.module, revokeAllCall(contracts.module).data);
    model.isRevoked = true;
  }
  toString = (): string => 'revoke';
}

async function answer(): Promise<bigint> {
  const { band: contracts } = victim.scene;
  return call(contracts.feed, new Interface(['function answer()']).encodeFunctionData('answer'));
}

async function assertNothingLeft({ sequence }: Model): Promise<void> {
  const { band: contracts, entryPoint, pools, self, usdc, weth } = victim.scene;
  for (const token of [weth, usdc]) {
    for (const spender of [...pools, contracts.module]) {
      expect(await call(token, erc20.encodeFunctionData('allowance', [self, spender]))).toBe(0n);
    }
    expect(await balanceOf(victim.scene.node, token, contracts.module)).toBe(0n);
  }
  const key = moduleNonce(contracts.module, 0n) >> 64n;
  const nonce = await call(entryPoint, nonces.encodeFunctionData('getNonce', [self, key]));
  expect(nonce & (2n ** 64n - 1n)).toBe(sequence);
}

type Included = Exclude<Attempt, { kind: 'refused' }>;

function gasOf({ receipt }: Included): bigint {
  const topic = entryPointAbi.getEvent('UserOperationEvent')!.topicHash;
  const log = receipt.logs.find(({ topics }) => topics[0] === topic)!;
  return coder.decode(['uint256', 'bool', 'uint256', 'uint256'], log.data)[2] as bigint;
}

function rebalancedIn({ receipt }: Included): { charged: bigint; paid: bigint; received: bigint } {
  const topic = band.getEvent('Rebalanced')!.topicHash;
  const log = receipt.logs.find(({ topics }) => topics[0] === topic)!;
  const values = coder.decode(['bool', 'uint256', 'uint256', 'uint256', 'uint256'], log.data);
  return { paid: values[1] as bigint, received: values[2] as bigint, charged: values[3] as bigint };
}

test('interval, cap, loss, gas budget, nonce and revocation hold in any history', async () => {
  const trade = fc
    .tuple(fc.boolean(), fc.integer({ min: 1, max: 2_200 }), fc.nat({ max: 1 }), fc.nat({ max: 4 }))
    .map(([sell, size, venue, greed]) => new Trade(sell, size, venue, greed === 0));
  // Mostly trades: the rest is what they meet.
  const commands = [
    trade,
    trade,
    trade,
    trade,
    fc
      .tuple(fc.integer({ min: 1, max: 30_000 }), fc.constantFrom(0, 0, 0, -150, 150))
      .map(([seconds, feedBps]) => new Wait(seconds, feedBps)),
    fc.integer({ min: 1, max: 1_500 }).map((size) => new Gift(size)),
    fc.constant(new Revoke()),
  ];
  let traded = 0;
  await fc.assert(
    fc
      .asyncProperty(fc.commands(commands, { maxCommands: 30, size: 'max' }), async (list) => {
        const model: Model = { sequence: 0n, isRevoked: false, uses: [], gas: [] };
        await fc.asyncModelRun(() => ({ model, real: victim }), list);
        traded += model.uses.length;
      })
      .afterEach(() => victim.back()),
    { numRuns: 6 },
  );
  // Not all was refused.
  expect(traded).toBeGreaterThan(8);
}, 120_000);
