import { Contract, type ContractTransactionResponse, Interface, Wallet } from 'ethers';
import { startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import {
  addressToBytes32,
  bareSignature,
  type Hex,
  PERMIT2_ADDRESS,
  PERMIT2_WITNESS_TYPE_STRING,
  permit2WitnessHash,
  signStandardOrder,
  type StandardOrder,
} from '../src/index.js';

/** The real Permit2 on a local chain, called as an OIF input settler calls it. */
const PERMIT2 = new Interface([
  'function permitWitnessTransferFrom(((address token,uint256 amount)[] permitted,uint256 nonce,uint256 deadline) permit,(address to,uint256 requestedAmount)[] transferDetails,address owner,bytes32 witness,string witnessTypeString,bytes signature)',
  'error InvalidNonce()',
  'error InvalidSigner()',
  'error SignatureExpired(uint256 signatureDeadline)',
]);
const ERC20 = [
  'function approve(address,uint256) returns (bool)',
  'function balanceOf(address) view returns (uint256)',
];

let world: World;
let chain: WorldChain;
let user: Wallet;
/** Stands where the input settler would: Permit2 binds the signature to whoever calls it. */
let settler: Wallet;
let order: StandardOrder;

beforeAll(async () => {
  world = await startWorld({ chains: 1 });
  chain = world.chains[0]!;
  user = new Wallet(world.accounts.trader.privateKey, chain.provider);
  settler = new Wallet(world.accounts.solver.privateKey, chain.provider);
  const { USDC, WETH } = chain.tokens;
  for (const token of [USDC, WETH]) {
    const approve = new Contract(token.address, ERC20, user).getFunction('approve');
    const sent = (await approve(PERMIT2_ADDRESS, 2n ** 256n - 1n)) as ContractTransactionResponse;
    await sent.wait();
  }
  const now = await world.clockSeconds();
  order = {
    user: user.address as Hex,
    // High bits in use: Permit2 keeps nonces as a bitmap of 248-bit words.
    nonce: 2n ** 255n + 77n,
    originChainId: chain.id,
    expires: now + 7200,
    fillDeadline: now + 3600,
    inputOracle: world.accounts.validator.address,
    inputs: [
      { token: USDC.address, amount: 1_000_001n },
      { token: WETH.address, amount: 3n },
    ],
    outputs: [
      {
        oracle: addressToBytes32(world.accounts.validator.address),
        settler: addressToBytes32(settler.address as Hex),
        chainId: 10,
        token: addressToBytes32(USDC.address),
        amount: 999_999n,
        recipient: addressToBytes32(user.address as Hex),
        callbackData: '0x1234',
        context: '0x',
      },
    ],
  };
});

afterAll(async () => {
  await world.close();
});

function drawCall(of: StandardOrder, signature: Hex): string {
  const permitted = of.inputs.map(({ token, amount }) => ({ token, amount }));
  const details = of.inputs.map(({ amount }) => ({ to: settler.address, requestedAmount: amount }));
  return PERMIT2.encodeFunctionData('permitWitnessTransferFrom', [
    { permitted, nonce: of.nonce, deadline: of.fillDeadline },
    details,
    of.user,
    permit2WitnessHash(of),
    PERMIT2_WITNESS_TYPE_STRING,
    bareSignature(signature),
  ]);
}

/** Name of the error with which Permit2 refuses a call; nothing when it would accept it. */
async function refusal(data: string, from: string = settler.address): Promise<string | undefined> {
  const error: unknown = await chain.provider.call({ from, to: PERMIT2_ADDRESS, data }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return undefined;
  return PERMIT2.parseError((error as { data: string }).data)?.name;
}

async function balances(owner: string): Promise<bigint[]> {
  const tokens = order.inputs.map(({ token }) => new Contract(token, ERC20, chain.provider));
  return Promise.all(tokens.map((token) => token.getFunction('balanceOf')(owner) as Promise<bigint>));
}

test('draws exactly the inputs for the order that was signed, once', async () => {
  const signature = await signStandardOrder(order, { spender: settler.address as Hex }, user);
  const data = drawCall(order, signature);
  const before = await balances(settler.address);

  const sent = await settler.sendTransaction({ to: PERMIT2_ADDRESS, data });
  expect((await sent.wait())?.status).toBe(1);
  const after = await balances(settler.address);
  expect(after.map((balance, index) => balance - before[index]!)).toEqual([1_000_001n, 3n]);

  expect(await refusal(data)).toBe('InvalidNonce');
});

test('refuses another order, another amount, another caller, and a signature past its time', async () => {
  const fresh = { ...order, nonce: order.nonce + 1n };
  const signature = await signStandardOrder(fresh, { spender: settler.address as Hex }, user);
  expect(await refusal(drawCall(fresh, signature))).toBeUndefined();

  const lower = { ...fresh, outputs: fresh.outputs.map((output) => ({ ...output, amount: 1n })) };
  expect(await refusal(drawCall(lower, signature))).toBe('InvalidSigner');
  const greedy = { ...fresh, inputs: fresh.inputs.map((each) => ({ ...each, amount: each.amount + 1n })) };
  expect(await refusal(drawCall(greedy, signature))).toBe('InvalidSigner');
  const elsewhere = { ...fresh, inputOracle: world.accounts.stranger.address };
  expect(await refusal(drawCall(elsewhere, signature))).toBe('InvalidSigner');
  expect(await refusal(drawCall(fresh, signature), world.accounts.stranger.address)).toBe('InvalidSigner');

  await world.advance(3601);
  expect(await refusal(drawCall(fresh, signature))).toBe('SignatureExpired');
});
