import { runChecks, venueConformance } from '@evenkeel/adapters/conformance';
import { fromAtoms, type Clock } from '@evenkeel/core';
import { startWorld } from '@evenkeel/devnet';
import { Wallet } from 'ethers';
import { balancerSubject } from './subject.js';

const clock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

const world = await startWorld({ chains: 1 });
try {
  const subject = balancerSubject(world, clock);

  console.log('Conformance');
  const results = await runChecks(venueConformance(subject, ['quote']));
  for (const result of results) {
    console.log(`  ${result.status.padEnd(8)}${result.name}`);
    if (result.status === 'failed') console.log(`          ${result.error.message}`);
  }
  if (results.some(({ status }) => status === 'failed')) process.exitCode = 1;

  console.log('One trade for real');
  const { account, adapter, samples } = subject;
  const { amountIn, tokenIn, tokenOut } = samples[0]!;
  const request = {
    input: { token: tokenIn, atoms: amountIn },
    tokenOut,
    sender: account,
    recipient: account,
    slippageBps: 10,
    deadline: (await world.clockSeconds()) + 600,
  };
  const quote = await adapter.quote!(request, AbortSignal.timeout(5_000));
  console.log(`  quoted   ${fromAtoms(tokenOut, quote.output.atoms)} ${tokenOut.symbol}`);
  const local = world.chain(tokenIn.chainId);
  const wallet = new Wallet(world.accounts.trader.privateKey, local.provider);
  const balance = async (): Promise<bigint> => {
    const data = `0x70a08231${account.slice(2).toLowerCase().padStart(64, '0')}`;
    return BigInt((await local.rpc('eth_call', [{ to: tokenOut.address, data }, 'latest'])) as string);
  };
  const before = await balance();
  const fill = { kind: 'quote', quote, sender: account, recipient: account, deadline: quote.validUntil } as const;
  for (const { data, description, to, valueWei } of adapter.build(fill)) {
    const receipt = await (await wallet.sendTransaction({ to, data, value: valueWei })).wait();
    console.log(`  sent     ${description} (${receipt?.hash})`);
  }
  const arrived = (await balance()) - before;
  console.log(`  arrived  ${fromAtoms(tokenOut, arrived)} ${tokenOut.symbol}`);
  if (arrived !== quote.output.atoms) process.exitCode = 1;
} finally {
  await world.close();
}
