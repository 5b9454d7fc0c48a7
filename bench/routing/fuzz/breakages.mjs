// Ways in which a problem from outside can be wrong or absurd. Each changes a copy of a good problem in place; those that
// do not fit the problem at hand change nothing and say so by returning false.

const HUGE = '9'.repeat(78);
const WEIRD_ATOMS = ['0', '1', '-1', '1e30', '1.5', '', ' 1', '0x10', '1'.padEnd(31, '0'), HUGE, `${HUGE}9`, 7, null];
const WEIRD_PPM = [NaN, Infinity, -1, 1_000_000, 999_999, 0.5, 0, '3000', null];
const WEIRD_COUNT = [NaN, Infinity, -1, 0, 1.5, 2 ** 53, '1', null];
/** Put in place of any value whatever. */
const JUNK = [null, NaN, Infinity, -1, 0, 1.5, 1e30, '', '-1', '1e30', '0', 'x', HUGE, [], {}, true, [[]], { a: 1 }];
const NOWHERE = `0x${'f'.repeat(40)}`;

/** @param dice `{ pick, chance, between }` over the seeded generator */
export const BREAKAGES = {
  'a reserve that is zero, absurd or no number': (problem, dice) =>
    withPool(problem, dice, 'constant-product', (pool) => (pool.reserves[dice.between(0, 1)] = dice.pick(WEIRD_ATOMS))),
  'a fee that is no fee': (problem, { pick }) => {
    const pool = pick(problem.pools.filter(({ feePpm }) => feePpm !== undefined));
    if (pool === undefined) return false;
    pool.feePpm = pick(WEIRD_PPM);
    return true;
  },
  'a pool listed twice': (problem, { pick }) => problem.pools.push(pick(problem.pools)),
  'one id for two pools': (problem, { pick }) => (pick(problem.pools).id = pick(problem.pools).id),
  'tokens that nothing joins': (problem, { between }) => problem.pools.splice(0, between(1, problem.pools.length)),
  'more than all liquidity': (problem, { pick }) => (problem.demand[exactField(problem)] = pick(WEIRD_ATOMS)),
  'a token with a fee on transfer': (problem, { pick }) => (pick(problem.tokens).feeOnTransfer = true),
  'a negative amount': (problem, { pick }) => replaceAmount(problem, pick, (text) => `-${text}`),
  'a number with an exponent': (problem, { pick }) => replaceAmount(problem, pick, () => '1e30'),
  'a list that is empty': (problem, { pick }) => {
    const lists = pathsOf(problem).filter((path) => Array.isArray(valueAt(problem, path)));
    setAt(problem, pick(lists), []);
    return true;
  },
  'decimals that are not': (problem, { pick }) =>
    (pick(problem.tokens).decimals = pick([-1, 37, 36, 0, 1.5, NaN, '6'])),
  'ticks out of order': (problem, dice) =>
    withPool(
      problem,
      dice,
      'concentrated',
      (pool) => (pool.ticks = dice.chance(0.5) ? pool.ticks.reverse() : shuffled(pool.ticks, dice)),
    ),
  'a tick that is off': (problem, dice) =>
    withPool(problem, dice, 'concentrated', ({ ticks }) => {
      if (ticks.length > 0) dice.pick(ticks).index = dice.pick([1, 1e9, -1e9, 2 ** 53, NaN, 887_220, -887_220]);
    }),
  'a price off its tick': (problem, dice) =>
    withPool(problem, dice, 'concentrated', (pool) => {
      if (dice.chance(0.5)) pool.tick = dice.pick([pool.tick + 1, pool.tick - 2, 887_272, -887_272, 1e9, NaN]);
      else
        pool.sqrtPriceX96 = dice.pick([
          ...WEIRD_ATOMS,
          '4295128739',
          '1461446703485210103287273052203988822378723970341',
        ]);
    }),
  'a tick range that does not hold its tick': (problem, dice) =>
    withPool(
      problem,
      dice,
      'concentrated',
      (pool) =>
        (pool.tickRange = { low: dice.pick([0, pool.tick, 1e9, NaN]), high: dice.pick([0, pool.tick, -1e9, 2 ** 60]) }),
    ),
  'liquidity that does not add up': (problem, dice) =>
    withPool(problem, dice, 'concentrated', (pool) => {
      if (dice.chance(0.5)) pool.liquidity = dice.pick(WEIRD_ATOMS);
      else if (pool.ticks.length > 0) dice.pick(pool.ticks).liquidityNet = dice.pick(WEIRD_ATOMS);
    }),
  'a stable pool out of its wits': (problem, dice) =>
    withPool(problem, dice, 'stable-swap', (pool) => {
      if (dice.chance(0.3)) pool.amplification = dice.pick(WEIRD_ATOMS);
      else pool[dice.pick(['balances', 'rates'])][dice.between(0, 1)] = dice.pick(WEIRD_ATOMS);
    }),
  'a book out of order': (problem, dice) =>
    withPool(problem, dice, 'levels', (pool) =>
      dice.chance(0.5) ? pool.levels.reverse() : weirdLevel(pool.levels, dice),
    ),
  'a ladder that falls': (problem, dice) =>
    withPool(problem, dice, 'ladder', (pool) =>
      dice.chance(0.5) ? pool.points.reverse() : weirdLevel(pool.points, dice),
    ),
  'a side that is none': (problem, { pick }) => (pick(problem.pools).tokenInIndex = pick([-1, 2, '0', null])),
  'a pool of a token with itself': (problem, { pick }) => {
    const pool = pick(problem.pools);
    pool.tokens[1] = pool.tokens[0];
    return true;
  },
  'a pool of an unknown token': (problem, { between, pick }) =>
    (pick(problem.pools).tokens[between(0, 1)] = pick([NOWHERE, '0x1', '', null])),
  'a chain that is another': (problem, { pick }) => {
    const of = pick([...problem.pools, ...problem.tokens, ...(problem.demand.tokensIn ?? [problem.demand])]);
    of.chainId = pick([1, 2, 3, 4, 0, -1, 1.5, '1', 2 ** 60]);
    return true;
  },
  'a kind that is none': (problem, { pick }) =>
    (pick(problem.pools).kind = pick(['weighted', '', null, 'levels', 'concentrated', 'constant-product'])),
  'gas beyond all bounds': (problem, { pick }) => {
    const pool = pick(problem.pools);
    pool[pick(['gas', 'gasPerTick'])] = pick(WEIRD_COUNT);
    return true;
  },
  'a gas price that is none': (problem, { pick }) => {
    const table = problem[pick(['gasPrices', 'nativePriceInTokenOut', 'nativePriceInTokenIn'])];
    if (table === undefined) return false;
    const chain = pick(Object.keys(table));
    if (pick([true, false])) delete table[chain];
    else table[chain] = pick([...WEIRD_ATOMS, '0.000000001', '1e5', 'NaN']);
    return true;
  },
  'a lane that is none': (problem, { pick }) => {
    const lane = pick(problem.bridges ?? []);
    if (lane === undefined) return false;
    const field = pick(['feePpm', 'maxAmount', 'minAmount', 'timeSeconds', 'fixedCost', 'from', 'to', 'id', 'gas']);
    if (field === 'from' || field === 'to')
      lane[field] = pick([lane.from, lane.to, { chainId: 9, address: NOWHERE }, null]);
    else if (field === 'id') lane.id = pick(problem.bridges).id;
    else
      lane[field] = pick(
        field === 'feePpm' ? WEIRD_PPM : field === 'timeSeconds' || field === 'gas' ? WEIRD_COUNT : WEIRD_ATOMS,
      );
    return true;
  },
  'inventories that are none': (problem, { pick }) => {
    const item = pick(problem.inventories ?? []);
    if (item === undefined) return false;
    item.amount = pick(WEIRD_ATOMS);
    return true;
  },
  'an inventory of another token': (problem, { pick }) => {
    problem.inventories = [
      ...(problem.inventories ?? []),
      { chainId: pick([1, 2, 9]), address: pick([NOWHERE, problem.tokens[0].address]), amount: '5' },
    ];
    return true;
  },
  'hops that cannot be': (problem, { pick }) => {
    problem.maxHops = pick([...WEIRD_COUNT, 1]);
    return true;
  },
  'a demand for itself': ({ demand }) => {
    if (demand.tokenIn !== undefined) demand.tokenOut = demand.tokenIn;
    else demand.tokensOut = demand.tokensIn;
    return true;
  },
  'a demand of two amounts': ({ demand }) => Object.assign(demand, { amountIn: '1000', amountOut: '1000' }),
  'the same token wanted twice': ({ demand }, { pick }) => {
    const list = pick([demand.tokensIn, demand.tokensOut]);
    list?.push(list[0]);
    return list !== undefined;
  },
  'a field that is missing': (problem, { pick }) => {
    const path = pick(pathsOf(problem));
    const parent = valueAt(problem, path.slice(0, -1));
    if (Array.isArray(parent)) parent.splice(path.at(-1), 1);
    else delete parent[path.at(-1)];
    return true;
  },
  'anything anywhere': (problem, { pick }) => {
    setAt(problem, pick(pathsOf(problem)), pick(JUNK));
    return true;
  },
  'any amount anywhere': (problem, { pick }) => replaceAmount(problem, pick, () => pick(WEIRD_ATOMS)),
};

function exactField({ demand }) {
  return demand.amountOut === undefined ? 'amountIn' : 'amountOut';
}

function withPool(problem, dice, kind, change) {
  const pool = dice.pick(problem.pools.filter((each) => each.kind === kind));
  if (pool === undefined) return false;
  change(pool);
  return true;
}

function weirdLevel(levels, { pick }) {
  const level = pick(levels);
  if (level !== undefined) level[pick(['amountIn', 'amountOut'])] = pick(WEIRD_ATOMS);
}

function shuffled(list, { between }) {
  const mixed = [...list];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = between(0, i);
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}

function replaceAmount(problem, pick, change) {
  const amounts = pathsOf(problem).filter(
    (path) => /^-?\d+$/.test(String(valueAt(problem, path))) && typeof valueAt(problem, path) === 'string',
  );
  const path = pick(amounts);
  if (path === undefined) return false;
  setAt(problem, path, change(valueAt(problem, path)));
  return true;
}

/** The way to every value within, those of lists and records included. */
function pathsOf(value, before = []) {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => [[...before, key], ...pathsOf(value[key], [...before, key])]);
}

const valueAt = (value, path) => path.reduce((inner, key) => inner?.[key], value);

function setAt(value, path, wanted) {
  if (path !== undefined) valueAt(value, path.slice(0, -1))[path.at(-1)] = wanted;
}
