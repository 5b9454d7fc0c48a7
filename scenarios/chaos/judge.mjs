// What really happened, read from the chains; the journals only say what was meant to happen.

/** Heights of all chains and what the owner holds there: before anything is done, and after. */
export async function readChains(world, owner) {
  const found = [];
  for (const chain of world.chains) {
    const height = Number(await chain.rpc('eth_blockNumber', []));
    const holdings = { native: BigInt(await chain.rpc('eth_getBalance', [owner, 'latest'])) };
    for (const [symbol, token] of Object.entries(chain.tokens)) {
      const data = `0x70a08231${owner.slice(2).toLowerCase().padStart(64, '0')}`;
      holdings[symbol] = BigInt(await chain.rpc('eth_call', [{ to: token.address, data }, 'latest']));
    }
    found.push({ chain, height, holdings });
  }
  return found;
}

/** Every transaction of the owner after the opening, with how it ended. */
async function transactionsOf({ chain, height }, owner) {
  const head = Number(await chain.rpc('eth_blockNumber', []));
  const found = [];
  for (let number = height + 1; number <= head; number++) {
    const block = await chain.rpc('eth_getBlockByNumber', [`0x${number.toString(16)}`, true]);
    for (const { from, hash, input, to, value } of block.transactions) {
      if (from.toLowerCase() !== owner.toLowerCase()) continue;
      const { status } = await chain.rpc('eth_getTransactionReceipt', [hash]);
      found.push({ hash, key: keyOf(chain.id, to, input, BigInt(value)), to, success: status === '0x1' });
    }
  }
  return found;
}

function keyOf(chainId, to, data, valueWei) {
  return `${chainId} ${to} ${data} ${valueWei}`.toLowerCase();
}

/**
 * Holds the plans of a journal against the chains.
 *
 * - `lost`: programmes, transfers and trades without an end, nonces without an owner, and steps that the journal calls
 *   done which no chain knows.
 * - `twice`: effects on chain that were planned less often than they are there, or not at all.
 * - `unaccounted`: atoms by which what the owner holds differs from the opening and every recorded flow.
 */
export async function judge(journal, openings, owner) {
  const programmes = await journal.programmes();
  const done = new Map();
  const planned = new Map();
  const lost = [];
  const twice = [];
  for (const { programme, state } of programmes) {
    if (state === 'running') lost.push(`slice ${programme.slice} of ${programme.intentId} is still running`);
    const outcomes = await journal.outcomes(programme);
    for (const step of programme.steps) {
      const ended = outcomes.filter(({ key }) => key.step === step.id);
      if (ended.length === 0) lost.push(`${step.id} of slice ${programme.slice} has no end`);
      if (step.kind !== 'calls') continue;
      for (const { data, to, valueWei } of step.calls) {
        const key = keyOf(step.chainId, to, data, valueWei);
        planned.set(key, (planned.get(key) ?? 0) + 1);
        if (ended.some(({ code }) => code === 'STEP_FILLED')) done.set(key, (done.get(key) ?? 0) + 1);
      }
    }
  }
  const closed = new Set((await journal.decisions({ code: 'TRADE_CLOSED' })).map(({ intentId }) => intentId));
  for (const intentId of new Set(programmes.map(({ programme }) => programme.intentId))) {
    if (!closed.has(intentId)) lost.push(`the slices to come of ${intentId} are forgotten`);
  }
  for (const { transfer } of await journal.transfers({ open: true })) lost.push(`transfer ${transfer.id} has no end`);

  for (const opening of openings) {
    const { chain } = opening;
    const lane = { chainId: chain.id, account: owner, nonceKey: 0n };
    for (const { nonce } of await journal.openReservations(lane)) lost.push(`nonce ${nonce} on ${chain.id} is open`);
    const effects = new Map();
    for (const { hash, key, success, to } of await transactionsOf(opening, owner)) {
      // A transaction to oneself is what takes a nonce away from a step that is not wanted any more.
      if (to.toLowerCase() === owner.toLowerCase()) continue;
      if (!planned.has(key)) twice.push(`${hash} on ${chain.id} was never planned`);
      else if (success) effects.set(key, (effects.get(key) ?? 0) + 1);
    }
    for (const [key, times] of effects) {
      const wanted = planned.get(key);
      if (times > wanted) twice.push(`planned ${wanted} times, on chain ${times} times: ${key.slice(0, 70)}`);
    }
    for (const [key, times] of done) {
      if (!key.startsWith(`${chain.id} `)) continue;
      const there = effects.get(key) ?? 0;
      if (there < times) lost.push(`done ${times} times, on chain ${there} times: ${key.slice(0, 70)}`);
    }
  }
  return { slices: programmes.length, lost, twice, unaccounted: await unaccounted(journal, openings, owner) };
}

/** Per token of each chain: closing less opening less flows, where that is not zero. */
async function unaccounted(journal, openings, owner) {
  const flows = await journal.flows();
  const world = { chains: openings.map(({ chain }) => chain) };
  const closings = await readChains(world, owner);
  const found = [];
  for (const [i, { chain, holdings }] of openings.entries()) {
    for (const [symbol, opening] of Object.entries(holdings)) {
      const address = symbol === 'native' ? `0x${'0'.repeat(40)}` : chain.tokens[symbol].address.toLowerCase();
      const moved = flows
        .filter((flow) => flow.chainId === chain.id && flow.token.toLowerCase() === address)
        .reduce((sum, { atoms }) => sum + atoms, 0n);
      const atoms = closings[i].holdings[symbol] - opening - moved;
      if (atoms !== 0n) found.push({ chainId: chain.id, symbol, atoms });
    }
  }
  return found;
}
